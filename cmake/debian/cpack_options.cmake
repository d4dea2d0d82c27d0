# Read by CPack for each generator. The description of each Debian package begins with its own synopsis, and CPack is not
# to put that of the project in front.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
endif()
