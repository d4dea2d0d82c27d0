# The manual pages and completions: made while building, installed with the program.

find_program(SCDOC scdoc REQUIRED)

set(manuals "${PROJECT_BINARY_DIR}/manuals")
file(MAKE_DIRECTORY "${manuals}/man/man1" "${manuals}/man/man5" "${manuals}/man/man7" "${manuals}/completions")

file(GLOB pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/man/*.scd.in")
add_custom_command(
  OUTPUT "${manuals}/stamp"
  COMMAND "${CMAKE_COMMAND}" -D "GENERATOR=$<TARGET_FILE:fstool-manuals>" -D "SCDOC=${SCDOC}" -D "OUTPUT=${manuals}"
          -D "DATE=${FSTOOL_RELEASE_DATE}" -D "PAGES=${pages}" -P "${CMAKE_CURRENT_LIST_DIR}/make_manuals.cmake"
  COMMAND "${CMAKE_COMMAND}" -E touch "${manuals}/stamp"
  DEPENDS fstool-manuals ${pages} "${CMAKE_CURRENT_LIST_DIR}/make_manuals.cmake"
  COMMENT "Making manual pages and completions"
  VERBATIM)
add_custom_target(manuals ALL DEPENDS "${manuals}/stamp")

install(DIRECTORY "${manuals}/man/" DESTINATION "${CMAKE_INSTALL_MANDIR}" COMPONENT fstool)
install(FILES "${manuals}/completions/fstool" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
        COMPONENT fstool)
install(FILES "${manuals}/completions/_fstool" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions"
        COMPONENT fstool)
install(FILES "${manuals}/completions/fstool.fish" DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d"
        COMPONENT fstool)
