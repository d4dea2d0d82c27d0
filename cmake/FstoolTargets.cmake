# How the project's targets are made: warnings, sanitizers, plugins and unit tests.

add_library(fstool_flags INTERFACE)
target_compile_options(fstool_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarm on std::string concatenation (GCC bug 105651).
  target_compile_options(fstool_flags INTERFACE -Wno-restrict)
  if(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    # The like, which a precompiled <string> no longer hides as those of a system header. The asan preset has them.
    target_compile_options(fstool_flags INTERFACE -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
endif()
if(FSTOOL_SANITIZE)
  target_compile_options(fstool_flags INTERFACE -fsanitize=${FSTOOL_SANITIZE} -fno-omit-frame-pointer
                                                -fno-sanitize-recover=all)
  target_link_options(fstool_flags INTERFACE -fsanitize=${FSTOOL_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # False alarm on std::regex between the checks that sanitizers add (GCC bug 105562).
    target_compile_options(fstool_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()

# fstool_precompile_headers(TARGET KIND [header…])
#
# Compiles TARGET with the headers that most sources read, and those named, precompiled. Targets of one KIND have the same
# options and share what the first of them made. Sources still include all that they use: the asan and tsan presets
# compile without.
function(fstool_precompile_headers target kind)
  get_property(owner GLOBAL PROPERTY FSTOOL_PRECOMPILED_${kind})
  if(owner)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  else()
    target_precompile_headers(
      ${target}
      PRIVATE <algorithm>
              <filesystem>
              <functional>
              <map>
              <memory>
              <optional>
              <string>
              <vector>
              <fmt/format.h>
              ${ARGN})
    set_property(GLOBAL PROPERTY FSTOOL_PRECOMPILED_${kind} ${target})
  endif()
endfunction()

# fstool_add_module(TARGET NAME FOLDER SOURCES file… [LIBRARIES target…])
#
# Makes the module FOLDER/NAME.so, a path relative to the plugins' directory, and the object library TARGET-objects with
# the same code for unit tests.
function(fstool_add_module target name folder)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "" "SOURCES;LIBRARIES")
  add_library(${target}-objects OBJECT ${arg_SOURCES})
  target_include_directories(${target}-objects PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(${target}-objects PUBLIC libfstool ${arg_LIBRARIES} PRIVATE fstool_flags)
  set_target_properties(${target}-objects PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  fstool_precompile_headers(${target}-objects plugin)

  file(RELATIVE_PATH to_libraries "/${FSTOOL_PLUGIN_INSTALL_DIR}/${folder}" "/${CMAKE_INSTALL_LIBDIR}")
  add_library(${target} MODULE $<TARGET_OBJECTS:${target}-objects>)
  target_link_libraries(${target} PRIVATE libfstool ${arg_LIBRARIES} fstool_flags)
  set_target_properties(
    ${target} PROPERTIES PREFIX "" OUTPUT_NAME ${name} INSTALL_RPATH "$ORIGIN/${to_libraries}"
                         LIBRARY_OUTPUT_DIRECTORY "${FSTOOL_PLUGIN_OUTPUT_DIRECTORY}/${folder}")
  install(TARGETS ${target} LIBRARY DESTINATION "${FSTOOL_PLUGIN_INSTALL_DIR}/${folder}" COMPONENT fstool)
  set_property(GLOBAL APPEND PROPERTY FSTOOL_PLUGINS ${target})
endfunction()

# fstool_add_plugin(NAME SOURCES file… [LIBRARIES target…])
#
# Makes the plugin NAME, loaded at run time.
function(fstool_add_plugin name)
  fstool_add_module(${name} ${name} . ${ARGN})
endfunction()

# fstool_add_plugin_module(PLUGIN NAME SOURCES file… [LIBRARIES target…])
#
# Makes the target PLUGIN-NAME, the module PLUGIN/NAME.so, which the plugin itself loads when it needs it.
function(fstool_add_plugin_module plugin name)
  fstool_add_module(${plugin}-${name} ${name} ${plugin} ${ARGN})
endfunction()

# fstool_label_tests(TARGET LABEL…)
#
# Gives the tests that gtest_discover_tests() finds in TARGET these labels and no others. (Its PROPERTIES can't have a list
# as a value.) Call it behind that.
function(fstool_label_tests target)
  set(script "${CMAKE_CURRENT_BINARY_DIR}/${target}_labels.cmake")
  file(WRITE "${script}" "if(${target}_TESTS)
  set_tests_properties(\${${target}_TESTS} PROPERTIES LABELS \"${ARGN}\")
endif()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${script}")
endfunction()

# fstool_add_unit_test(ROOM SOURCES file… [LIBRARIES target…])
#
# Makes the test program unit-ROOM and registers each of its tests with CTest.
function(fstool_add_unit_test room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  add_executable(unit-${room} ${arg_SOURCES})
  target_link_libraries(unit-${room} PRIVATE libfstool ${arg_LIBRARIES} GTest::gmock GTest::gtest_main fstool_flags)
  fstool_precompile_headers(unit-${room} unit_test <gmock/gmock.h> <gtest/gtest.h>)
  gtest_discover_tests(unit-${room} TEST_PREFIX "unit.${room}." DISCOVERY_MODE PRE_TEST)
endfunction()
