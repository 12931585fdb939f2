// The portraits of the demo's people, drawn for it and carried in the program.
#pragma once

#include <string_view>
#include <vector>

namespace confidente::app {

struct DemoPicture {
    std::string_view name;  ///< the file's, without ending
    std::string_view webp;
};

std::vector<DemoPicture> demo_pictures();

}  // namespace confidente::app
