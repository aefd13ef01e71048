# `cmake --install` puts the libraries, their headers, the generator and what find_package(windlass) needs under the prefix.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(components GLOBAL PROPERTY WINDLASS_COMPONENTS)
get_property(include_dirs GLOBAL PROPERTY WINDLASS_INCLUDE_DIRS)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/windlass)
set(programs windlass-gen)
if(TARGET windlass)
  set_target_properties(windlass PROPERTIES EXPORT_NAME windlass-command)  # windlass::windlass is the umbrella
  list(APPEND programs windlass)
endif()

install(TARGETS ${components} ${programs} EXPORT windlassTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(directory IN LISTS include_dirs ITEMS ${PROJECT_BINARY_DIR}/framework/api/include)
  install(DIRECTORY ${directory}/windlass DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} OPTIONAL
    FILES_MATCHING PATTERN "*.hpp")
endforeach()
install(EXPORT windlassTargets NAMESPACE windlass:: DESTINATION ${package_dir})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/windlassConfig.cmake.in
  ${PROJECT_BINARY_DIR}/windlassConfig.cmake INSTALL_DESTINATION ${package_dir})
# before 1.0 a minor version may change everything
write_basic_package_version_file(${PROJECT_BINARY_DIR}/windlassConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/windlassConfig.cmake
  ${PROJECT_BINARY_DIR}/windlassConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/WindlassGenerate.cmake
  DESTINATION ${package_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/codegen/schemas DESTINATION ${package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/windlass)
