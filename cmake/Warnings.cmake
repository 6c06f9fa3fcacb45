# SPDX-License-Identifier: Apache-2.0
# What every C++ target of ours is compiled with: `target_link_libraries(x PRIVATE ringwall_warnings)` comes with
# ringwall_library() and ringwall_program() below, so that no target can forget it.
add_library(ringwall_warnings INTERFACE)
target_compile_options(ringwall_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor -Wcast-qual
    -Wformat=2 -Wundef
    # ABI structs and their tests use designated initialisers that leave the rest zero on purpose.
    -Wno-missing-field-initializers
    # libbpf's LIBBPF_OPTS is a compound literal in a statement expression; g++ takes it from a system header as it is.
    # Stable algorithms of libstdc++ 12 use what C++17 deprecates, and clang says so of us; g++ says what we use ourselves.
    $<$<CXX_COMPILER_ID:Clang>:-Wno-gnu-statement-expression -Wno-c99-extensions -Wno-deprecated-declarations>)
target_include_directories(ringwall_warnings INTERFACE ${PROJECT_SOURCE_DIR})

add_library(ringwall_sanitizers INTERFACE)
if(RINGWALL_SANITIZE)
    target_compile_options(ringwall_sanitizers INTERFACE
        -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(ringwall_sanitizers INTERFACE -fsanitize=address,undefined)
endif()
if(RINGWALL_FUZZ)
    target_compile_options(ringwall_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
endif()

# ringwall_library(NAME SOURCES... [LIBRARIES...]): a static library of ours; include paths start at the source root.
function(ringwall_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
    add_library(${name} STATIC ${arg_SOURCES})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${arg_LIBRARIES} ringwall_sanitizers PRIVATE ringwall_warnings)
endfunction()

function(ringwall_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} ringwall_sanitizers ringwall_warnings)
endfunction()
