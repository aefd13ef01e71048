# The compiler, its flags, and the linker. Warnings are errors.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "GCC ${CMAKE_CXX_COMPILER_VERSION} destroys temporaries of a co_await expression twice; "
    "install clang-19 and lld-19 and configure with -DCMAKE_CXX_COMPILER=clang++-19 (or use GCC 13 or later).")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")

set(WINDLASS_SANITIZER "" CACHE STRING "Sanitizers of -fsanitize=, comma separated; empty for none")
if(WINDLASS_SANITIZER)
  add_compile_options(-fsanitize=${WINDLASS_SANITIZER} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WINDLASS_SANITIZER})
  option(WINDLASS_FUZZER "Build libFuzzer's programs; needs Clang and the address sanitizer" OFF)
  if(WINDLASS_FUZZER)
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
else()
  add_compile_options(-fstack-protector-strong)
  add_compile_options($<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld)
endif()
add_link_options(-Wl,--gc-sections -Wl,--as-needed)
add_compile_options(-ffunction-sections -fdata-sections)

find_program(WINDLASS_CCACHE ccache)
if(WINDLASS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${WINDLASS_CCACHE})
endif()

function(windlass_warnings target)
  # libstdc++ 12 marks what its own stable_sort calls as deprecated
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Werror
    -Wno-missing-field-initializers -Wno-deprecated-declarations)
endfunction()
