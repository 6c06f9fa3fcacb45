# SPDX-License-Identifier: Apache-2.0
# add_bpf_skeleton(NAME SOURCE): the only way to build BPF. Compiles SOURCE with clang -target bpf, generates the
# skeleton NAME.skel.h with the distribution's bpftool (the object is embedded in the binary), and makes the INTERFACE
# library NAME that carries both. Headers are tracked by clang's own depfile.
#
# UAPI headers only, -mcpu=v3 fixed: the default changed between clang versions.
find_program(RINGWALL_BPF_CLANG NAMES clang-14 clang REQUIRED)
find_program(RINGWALL_BPF_STRIP NAMES llvm-strip-14 llvm-strip REQUIRED)
find_program(RINGWALL_BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)
# BPF knows no architecture: the objects are the same whatever the agent is built for.
set(RINGWALL_MULTIARCH ${CMAKE_HOST_SYSTEM_PROCESSOR}-linux-gnu)

function(add_bpf_skeleton name source)
    set(source_path ${CMAKE_CURRENT_SOURCE_DIR}/${source})
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
    set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/${name}.skel.h)
    add_custom_command(
        OUTPUT ${object}
        COMMAND ${RINGWALL_BPF_CLANG} -target bpf -mcpu=v3 -O2 -g -std=gnu11
                -Wall -Wextra -Werror -Wshadow -Wno-unused-function -Wno-address-of-packed-member
                -I${PROJECT_SOURCE_DIR} -isystem /usr/include/${RINGWALL_MULTIARCH}
                -MD -MF ${object}.d -MT ${object} -c ${source_path} -o ${object}
        COMMAND ${RINGWALL_BPF_STRIP} -g ${object}
        DEPENDS ${source_path} DEPFILE ${object}.d
        COMMENT "BPF ${name}" VERBATIM)
    add_custom_command(
        OUTPUT ${skeleton}
        COMMAND ${RINGWALL_BPFTOOL} gen skeleton ${object} name ${name} > ${skeleton}.tmp
        COMMAND ${CMAKE_COMMAND} -E rename ${skeleton}.tmp ${skeleton}
        DEPENDS ${object} COMMENT "skeleton ${name}" VERBATIM)
    add_custom_target(${name}_skeleton DEPENDS ${skeleton})
    add_library(${name} INTERFACE)
    add_dependencies(${name} ${name}_skeleton)
    target_include_directories(${name} SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
    target_link_libraries(${name} INTERFACE PkgConfig::LIBBPF)
endfunction()
