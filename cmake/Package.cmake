# SPDX-License-Identifier: Apache-2.0
# What is installed where, and the Debian package of it: `cpack` in a build directory of preset release, or
# scripts/package.sh. Completions and the manual page come from the program itself.
include(GNUInstallDirs)
set(made ${CMAKE_BINARY_DIR}/package)
file(MAKE_DIRECTORY ${made})

foreach(kind bash zsh fish man)
    add_custom_command(OUTPUT ${made}/${kind} DEPENDS ringwall VERBATIM
        COMMAND sh -c "$<TARGET_FILE:ringwall> completion ${kind} >${made}/${kind}")
    list(APPEND written ${made}/${kind})
endforeach()
add_custom_command(OUTPUT ${made}/ringwall.8.gz DEPENDS ${made}/man VERBATIM
    COMMAND sh -c "gzip -9nc ${made}/man >${made}/ringwall.8.gz")
add_custom_command(OUTPUT ${made}/changelog.Debian.gz DEPENDS ${PROJECT_SOURCE_DIR}/deploy/debian/changelog VERBATIM
    COMMAND sh -c "gzip -9nc ${PROJECT_SOURCE_DIR}/deploy/debian/changelog >${made}/changelog.Debian.gz")
add_custom_command(OUTPUT ${made}/changelog.gz DEPENDS ${PROJECT_SOURCE_DIR}/CHANGELOG.md VERBATIM
    COMMAND sh -c "gzip -9nc ${PROJECT_SOURCE_DIR}/CHANGELOG.md >${made}/changelog.gz")
add_custom_target(package_files DEPENDS ${written} ${made}/ringwall.8.gz ${made}/changelog.Debian.gz ${made}/changelog.gz)

# Paths of Debian's, whatever the prefix: configuration and units have no other place.
set(share /usr/share)
install(TARGETS ringwall DESTINATION /usr/sbin)
install(FILES deploy/ringwall.yaml DESTINATION /etc/ringwall)
install(FILES deploy/systemd/ringwall.service DESTINATION /lib/systemd/system)
install(FILES ${made}/ringwall.8.gz DESTINATION ${share}/man/man8)
install(FILES ${made}/bash DESTINATION ${share}/bash-completion/completions RENAME ringwall)
install(FILES ${made}/zsh DESTINATION ${share}/zsh/vendor-completions RENAME _ringwall)
install(FILES ${made}/fish DESTINATION ${share}/fish/vendor_completions.d RENAME ringwall.fish)
install(DIRECTORY deploy/prometheus deploy/grafana docs/examples DESTINATION ${share}/ringwall)
install(FILES policy/schema/ringwall.schema.json DESTINATION ${share}/ringwall)
install(DIRECTORY DESTINATION /etc/ringwall/conf.d)
install(FILES deploy/debian/copyright ${made}/changelog.Debian.gz ${made}/changelog.gz DESTINATION ${share}/doc/ringwall)
install(DIRECTORY docs/ DESTINATION ${share}/doc/ringwall FILES_MATCHING PATTERN *.md PATTERN adr EXCLUDE)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ringwall)
set(CPACK_PACKAGE_VENDOR "the Ringwall authors")
set(CPACK_PACKAGE_CONTACT "Ringwall authors <maintainers@ringwall.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS systemd)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "prometheus")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "SIP-aware firewall, transparent, in XDP and TC")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Ringwall opens the media ports of telephone calls for exactly the parties
that negotiated them, and for exactly as long as they talk. Programs in the
kernel give each packet its verdict and one counted reason; an agent follows
the SIP that they mirror to it. No byte of any packet is changed.

It protects the machine it runs on, or what that machine routes for: a PBX,
a proxy, a session border controller. It limits SIP by source and method,
bans who guesses passwords, and explains every drop. As installed it is not
started, and drops nothing once it is: its example says mode monitor.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/deploy/debian/postinst ${PROJECT_SOURCE_DIR}/deploy/debian/prerm
    ${PROJECT_SOURCE_DIR}/deploy/debian/postrm ${PROJECT_SOURCE_DIR}/deploy/debian/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
