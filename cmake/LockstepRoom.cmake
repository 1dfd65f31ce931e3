# lockstep_options: the flags of every target.
# -ffp-contract=off: the compiler must not choose between a*b+c and fma(a,b,c), or the bits of a sum would depend on
# the instruction set a loop was cloned for. -fpch-preprocess: so that ccache can keep what uses a precompiled header. -Wno-restrict: GCC 12 warns of std::string concatenation (GCC bug 105651).
# -Wno-dangling-reference: GCC 13 and 14 take every reference that a function returns for one to its arguments (GCC bug 107488).
# Warnings are errors with the compilers that we have seen alone: a newer one's warnings are nothing that a user can help.
add_library(lockstep_options INTERFACE)
target_compile_options(lockstep_options INTERFACE
  -ffp-contract=off -fpch-preprocess -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-restrict)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  target_compile_options(lockstep_options INTERFACE -Wno-dangling-reference)
endif()
if(LOCKSTEP_WERROR AND CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
  target_compile_options(lockstep_options INTERFACE -Werror)
endif()
if(LOCKSTEP_SANITIZE)
  target_compile_options(lockstep_options INTERFACE -fsanitize=${LOCKSTEP_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(lockstep_options INTERFACE -fsanitize=${LOCKSTEP_SANITIZE})
  target_compile_definitions(lockstep_options INTERFACE LOCKSTEP_SANITIZED)
endif()

# lockstep_proto(target): the config messages of core/proto as a library. Includes read "core/proto/x.pb.h".
function(lockstep_proto target)
  file(GLOB protos RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/core/proto/*.proto)
  set(generated)
  foreach(proto IN LISTS protos)
    string(REPLACE ".proto" ".pb" stem ${CMAKE_BINARY_DIR}/generated/${proto})
    list(APPEND generated ${stem}.cc)
    set(outputs ${outputs} ${stem}.cc ${stem}.h)
  endforeach()
  set(descriptors ${CMAKE_BINARY_DIR}/generated/config.descriptors)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
  add_custom_command(
    OUTPUT ${outputs} ${descriptors}
    COMMAND ${Protobuf_PROTOC_EXECUTABLE} -I${CMAKE_SOURCE_DIR} --cpp_out=${CMAKE_BINARY_DIR}/generated
            --include_source_info --include_imports --descriptor_set_out=${descriptors} ${protos}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} DEPENDS ${protos} VERBATIM)
  add_library(${target} STATIC ${generated})
  target_include_directories(${target} SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/generated)
  target_link_libraries(${target} PUBLIC protobuf::libprotobuf)
  set_property(GLOBAL PROPERTY LOCKSTEP_DESCRIPTORS ${descriptors})
endfunction()

# lockstep_room(name FOLDER folder PUBLIC libs... PRIVATE libs... EXCLUDE regex): the library lockstep_<name> of every source file
# in <folder>/, <name>/ by default, but for those that match.
function(lockstep_room name)
  cmake_parse_arguments(ARG "" "EXCLUDE;FOLDER" "PUBLIC;PRIVATE" ${ARGN})
  if(NOT ARG_FOLDER)
    set(ARG_FOLDER ${name})
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${ARG_FOLDER}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/apps/main.cpp$")
  list(FILTER sources EXCLUDE REGEX "/tools/")
  if(ARG_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "${ARG_EXCLUDE}")
  endif()
  if(NOT sources)
    file(WRITE ${CMAKE_BINARY_DIR}/empty.cpp "")
    set(sources ${CMAKE_BINARY_DIR}/empty.cpp)
  endif()
  add_library(lockstep_${name} STATIC ${sources})
  target_include_directories(lockstep_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(lockstep_${name} PUBLIC ${ARG_PUBLIC} PRIVATE lockstep_options ${ARG_PRIVATE})
  target_compile_definitions(lockstep_${name} PRIVATE LOCKSTEP_VERSION="${PROJECT_VERSION}")
endfunction()
