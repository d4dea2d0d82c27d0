# Packages: a tarball that runs from any folder, and Debian packages.
#
#   cpack --config build/release/CPackConfig.cmake -G TGZ    fstool-VERSION-Linux-ARCHITECTURE.tar.gz
#   cpack --config build/release/CPackConfig.cmake -G DEB    fstool_… and libfstool-dev_….deb
#
# The components that install() names are the packages.

set(FSTOOL_MAINTAINER "The fstool authors <fstool@packages.debian.org>" CACHE STRING
                                                                             "Who answers for the Debian packages")
install(FILES "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/CHANGELOG.md" "${PROJECT_SOURCE_DIR}/LICENSE"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT fstool)

set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_PACKAGE_NAME fstool)
set(CPACK_PACKAGE_VENDOR "The fstool authors")
set(CPACK_PACKAGE_CONTACT "${FSTOOL_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PROJECT_CONFIG_FILE "${PROJECT_SOURCE_DIR}/cmake/debian/cpack_options.cmake")
set(CPACK_PACKAGE_FILE_NAME "fstool-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_COMPONENTS_ALL fstool libfstool-dev)
set(CPACK_STRIP_FILES ON)
set(CPACK_GENERATOR TGZ DEB)

# One tarball with everything. Its programs and plugins find the library by a RUNPATH relative to themselves.
set(CPACK_ARCHIVE_COMPONENT_INSTALL OFF)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_FSTOOL_PACKAGE_NAME fstool)
set(CPACK_DEBIAN_FSTOOL_PACKAGE_SECTION utils)
set(CPACK_COMPONENT_FSTOOL_DESCRIPTION
    "builds disk images and file systems in one pass
fstool turns a directory tree, a tar archive or the file system in another
image into a disk image: ext2, ext3, ext4 or FAT, bare or on a GPT or MBR
disk, raw, qcow2, VHD, VDI, VMDK or an Android sparse image. It needs no root,
no mount and no guess at the size, and the same input gives the same bytes.
It also lists, reads, compares and extracts the files of images.")
set(CPACK_DEBIAN_FSTOOL_DESCRIPTION "${CPACK_COMPONENT_FSTOOL_DESCRIPTION}")
# There is a shared library among the public ones. CPack's own shlibs would have a line for each plugin.
get_target_property(soversion libfstool SOVERSION)
file(WRITE "${PROJECT_BINARY_DIR}/packages/triggers" "activate-noawait ldconfig\n")
file(WRITE "${PROJECT_BINARY_DIR}/packages/shlibs" "libfstool ${soversion} fstool (= ${PROJECT_VERSION})\n")
set(CPACK_DEBIAN_FSTOOL_PACKAGE_CONTROL_EXTRA "${PROJECT_BINARY_DIR}/packages/triggers"
                                              "${PROJECT_BINARY_DIR}/packages/shlibs")

set(CPACK_DEBIAN_LIBFSTOOL-DEV_PACKAGE_NAME libfstool-dev)
set(CPACK_DEBIAN_LIBFSTOOL-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBFSTOOL-DEV_PACKAGE_DEPENDS "fstool (= ${PROJECT_VERSION}), libboost-dev")
set(CPACK_DEBIAN_LIBFSTOOL-DEV_DESCRIPTION
    "headers for plugins of fstool
What is needed to write formats for fstool: headers, a CMake package and a
pkg-config module. \"fstool plugins new\" begins a project that uses them.")

# What Debian wants in a package and nobody else does.
set(ENV{SOURCE_DATE_EPOCH} "${FSTOOL_RELEASE_DATE}")
string(TIMESTAMP FSTOOL_RELEASE_TIME "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(cmake/debian/changelog.in "${PROJECT_BINARY_DIR}/packages/changelog" @ONLY)
# The licence, as a field of debian/copyright: indented, an empty line is a full stop.
file(STRINGS "${PROJECT_SOURCE_DIR}/LICENSE" licence)
list(FILTER licence INCLUDE REGEX "^Copyright")
string(REGEX REPLACE "^Copyright *(\\(c\\))? *" "" FSTOOL_COPYRIGHT "${licence}")
file(READ "${PROJECT_SOURCE_DIR}/LICENSE" FSTOOL_LICENSE)
string(STRIP "${FSTOOL_LICENSE}" FSTOOL_LICENSE)
string(REPLACE "\n" "\n " FSTOOL_LICENSE " ${FSTOOL_LICENSE}")
string(REPLACE "\n \n" "\n .\n" FSTOOL_LICENSE "${FSTOOL_LICENSE}")
configure_file(cmake/debian/copyright.in "${PROJECT_BINARY_DIR}/packages/copyright" @ONLY)
set(CPACK_PRE_BUILD_SCRIPTS "${PROJECT_SOURCE_DIR}/cmake/debian/complete_packages.cmake")
set(CPACK_FSTOOL_DEBIAN_FILES "${PROJECT_BINARY_DIR}/packages")

include(CPack)
