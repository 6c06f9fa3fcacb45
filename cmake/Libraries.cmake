# SPDX-License-Identifier: Apache-2.0
# The libraries we build on, by Debian 12's packages (scripts/setup.sh). Each is a SYSTEM import: our warnings are ours.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(LIBBPF REQUIRED IMPORTED_TARGET libbpf>=1.1)
pkg_check_modules(LIBXDP REQUIRED IMPORTED_TARGET libxdp>=1.3)
pkg_check_modules(LIBCAPNG REQUIRED IMPORTED_TARGET libcap-ng)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(NCURSES REQUIRED IMPORTED_TARGET ncursesw)
pkg_check_modules(LIBSECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(LIBSODIUM REQUIRED IMPORTED_TARGET libsodium)
# Only its core: the library for HTTP that comes beside it would be a second server.
pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET prometheus-cpp-core)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
# A call is hundreds of small pieces of memory that come and go: a seventh of the worker's time with libc's allocator
# (docs/performance.md). Sanitizers bring their own.
if(NOT RINGWALL_SANITIZE)
    find_package(mimalloc 2.0 REQUIRED)
endif()
find_path(TL_EXPECTED_INCLUDE tl/expected.hpp REQUIRED)
find_path(VALIJSON_INCLUDE valijson/validator.hpp REQUIRED)
