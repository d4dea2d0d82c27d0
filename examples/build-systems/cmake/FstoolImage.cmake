# fstool_add_image(TARGET SPEC file OUTPUT file [DEFINITIONS NAME=VALUE…] [OPTIONS option…] [DEPENDS target-or-file…])
#
# Adds the target TARGET, part of ALL, which builds the image that SPEC describes. What the spec names is found while it is
# built, so that DEPENDS is only for what the build itself makes. Relative files are relative to the source directory
# (SPEC) and to the binary directory (OUTPUT). Needs Ninja or Make.

find_program(FSTOOL fstool REQUIRED)

function(fstool_add_image target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SPEC;OUTPUT" "DEFINITIONS;OPTIONS;DEPENDS")
  foreach(name SPEC OUTPUT)
    if(NOT arg_${name})
      message(FATAL_ERROR "fstool_add_image(${target}): ${name} is missing")
    endif()
  endforeach()
  get_filename_component(spec "${arg_SPEC}" ABSOLUTE)
  get_filename_component(output "${arg_OUTPUT}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")
  list(TRANSFORM arg_DEFINITIONS PREPEND "--define=")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${FSTOOL}" run "${spec}" -o "${output}" --depfile "${output}.d" --quiet ${arg_DEFINITIONS} ${arg_OPTIONS}
    DEPENDS "${spec}" ${arg_DEPENDS}
    DEPFILE "${output}.d"
    COMMENT "Building ${arg_OUTPUT}"
    VERBATIM)
  add_custom_target(${target} ALL DEPENDS "${output}")
endfunction()
