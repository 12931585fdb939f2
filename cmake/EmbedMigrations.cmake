# cmake -DFOLDER=<server/migrations> -DOUT=<file.cpp> -P: writes every migration into one C++ file, so that the server
# carries its tables with it. The checksum is of the file as it lies in the repository.
file(GLOB files ${FOLDER}/*.sql)
list(SORT files)
set(code "#include \"migrations/embedded.hpp\"\n\nnamespace confidente::migrations {\n\n")
string(APPEND code "std::vector<Migration> embedded() {\n    return {\n")
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_[a-z0-9_]+$")
    message(FATAL_ERROR "${file}: migrations are named 0001_like_this.sql")
  endif()
  string(REGEX REPLACE "^0*([0-9]+)_.*" "\\1" number ${name})
  file(SHA256 ${file} sha256)
  # As bytes: CMake's lists would mangle the SQL's semicolons and brackets.
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${hex}")
  # Compilers limit the length of one literal; adjacent ones, here one per line of SQL, are joined.
  string(REPLACE "\\x0a" "\\x0a\"\n         \"" bytes "${bytes}")
  string(APPEND code "        {${number}, \"${name}\",\n         \"${sha256}\",\n         \"${bytes}\"},\n")
endforeach()
string(APPEND code "    };\n}\n\n}  // namespace confidente::migrations\n")
file(WRITE ${OUT} "${code}")
