# Files that are part of a program.

# fstool_embed_files(TARGET NAME DIRECTORY file…)
#
# Compiles the text of files, whose names are relative to DIRECTORY, into TARGET: the function fstool::NAME() returns
# them, sorted by name. Its declaration is in TARGET's header NAME.h.
function(fstool_embed_files target name directory)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/embedded/${name}.cpp")
  set(paths ${ARGN})
  list(TRANSFORM paths PREPEND "${directory}/")
  list(JOIN ARGN "|" files)
  add_custom_command(
    OUTPUT "${source}"
    COMMAND "${CMAKE_COMMAND}" -D "NAME=${name}" -D "DIRECTORY=${directory}" -D "FILES=${files}" -D "OUTPUT=${source}" -P
            "${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake"
    DEPENDS ${paths} "${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake"
    COMMENT "Embedding ${name}"
    VERBATIM)
  target_sources(${target} PRIVATE "${source}")
endfunction()
