# Run by CPack between installing into its own directories and packing them: adds what Debian's policy asks for
# (chapters 4.4, 12.1 and 12.5), and takes away what it does not want: library search paths, which /usr/lib makes needless.

if(NOT CPACK_GENERATOR STREQUAL "DEB")
  return()
endif()

find_program(CHRPATH chrpath REQUIRED)

function(compress file)
  execute_process(COMMAND gzip --best --no-name --force "${file}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

foreach(package IN LISTS CPACK_COMPONENTS_ALL)
  set(root "${CPACK_TEMPORARY_DIRECTORY}/${package}/usr")
  set(documents "${root}/share/doc/${package}")
  file(MAKE_DIRECTORY "${documents}")
  file(COPY "${CPACK_FSTOOL_DEBIAN_FILES}/changelog" "${CPACK_FSTOOL_DEBIAN_FILES}/copyright" DESTINATION "${documents}")
  file(REMOVE "${documents}/LICENSE")
  file(GLOB_RECURSE pages "${root}/share/man/*")
  foreach(file IN LISTS pages ITEMS "${documents}/changelog")
    compress("${file}")
  endforeach()
  file(GLOB libraries "${root}/bin/*")
  file(GLOB_RECURSE modules "${root}/lib/*.so*")
  foreach(file IN LISTS libraries modules)
    if(NOT IS_SYMLINK "${file}")
      execute_process(COMMAND "${CHRPATH}" --delete "${file}" OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
    endif()
  endforeach()
endforeach()
