# What is installed for those who write plugins, beside the program and its plugins: headers, the CMake package "fstool"
# and the pkg-config module of the same name. Nothing in them names the prefix, so that an installed tree may move.

include(CMakePackageConfigHelpers)

install(
  TARGETS libfstool
  EXPORT fstool
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT fstool NAMELINK_COMPONENT libfstool-dev
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/core/include/fstool" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        COMPONENT libfstool-dev)
configure_file(cmake/version.h.in "${PROJECT_BINARY_DIR}/sdk/version.h" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/sdk/version.h" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/fstool"
        COMPONENT libfstool-dev)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/fstool")
set(FSTOOL_PROGRAM_DIR "${CMAKE_INSTALL_BINDIR}")
configure_package_config_file(cmake/fstoolConfig.cmake.in "${PROJECT_BINARY_DIR}/sdk/fstoolConfig.cmake"
                              INSTALL_DESTINATION "${package_dir}" PATH_VARS FSTOOL_PLUGIN_INSTALL_DIR FSTOOL_PROGRAM_DIR)
# Before 1.0, each minor version may change what plugins compile against.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/sdk/fstoolConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/sdk/fstoolConfig.cmake" "${PROJECT_BINARY_DIR}/sdk/fstoolConfigVersion.cmake"
        DESTINATION "${package_dir}" COMPONENT libfstool-dev)
install(EXPORT fstool NAMESPACE fstool:: FILE fstoolTargets.cmake DESTINATION "${package_dir}" COMPONENT libfstool-dev)

# The prefix, seen from the directory of the module.
file(RELATIVE_PATH FSTOOL_PKGCONFIG_TO_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file(cmake/fstool.pc.in "${PROJECT_BINARY_DIR}/sdk/fstool.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/sdk/fstool.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig"
        COMPONENT libfstool-dev)
