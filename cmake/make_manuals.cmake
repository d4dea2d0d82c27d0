# Runs GENERATOR, and SCDOC on what it wrote; the pages carry DATE, seconds since 1970, so that they don't depend on when
# they are made. What a former run left is removed: a command may have gone.

file(REMOVE_RECURSE "${OUTPUT}/source" "${OUTPUT}/man" "${OUTPUT}/completions")
file(MAKE_DIRECTORY "${OUTPUT}/source" "${OUTPUT}/completions")
execute_process(COMMAND "${GENERATOR}" pages "${OUTPUT}/source" ${PAGES} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${GENERATOR}" completions "${OUTPUT}/completions" COMMAND_ERROR_IS_FATAL ANY)

file(GLOB aliases "${OUTPUT}/source/*.1")
file(COPY ${aliases} DESTINATION "${OUTPUT}/man/man1")

set(ENV{SOURCE_DATE_EPOCH} "${DATE}")
file(GLOB sources "${OUTPUT}/source/*.scd")
foreach(source IN LISTS sources)
  get_filename_component(page "${source}" NAME_WLE)
  string(REGEX MATCH "[0-9]$" section "${page}")
  file(MAKE_DIRECTORY "${OUTPUT}/man/man${section}")
  execute_process(COMMAND "${SCDOC}" INPUT_FILE "${source}" OUTPUT_FILE "${OUTPUT}/man/man${section}/${page}"
                  COMMAND_ERROR_IS_FATAL ANY)
endforeach()
