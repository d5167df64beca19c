# Python's headers, pybind11, and fastdl_python(): a question put to the interpreter.

find_package(Python 3.10 QUIET COMPONENTS Interpreter OPTIONAL_COMPONENTS Development.Module)
if(NOT Python_Interpreter_FOUND)
  message(FATAL_ERROR "fastdl needs Python 3.10 or newer and found none.")
endif()
if(NOT Python_Development.Module_FOUND)
  message(FATAL_ERROR "fastdl needs the headers of Python ${Python_VERSION} (Python.h) and did not "
                      "find them: install them (on Debian or Ubuntu: apt install python3-dev) "
                      "and try again.")
endif()

function(fastdl_python result code missing)
  execute_process(COMMAND ${Python_EXECUTABLE} -c "${code}"
                  OUTPUT_VARIABLE output OUTPUT_STRIP_TRAILING_WHITESPACE
                  ERROR_QUIET RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "fastdl needs the Python package ${missing} to build and did not find it: "
                        "pip install ${missing}.")
  endif()
  set(${result} "${output}" PARENT_SCOPE)
endfunction()

fastdl_python(pybind11_ROOT "import pybind11; print(pybind11.get_cmake_dir())" pybind11)
set(PYBIND11_FINDPYTHON ON)
find_package(pybind11 CONFIG REQUIRED)
