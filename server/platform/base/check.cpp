#include "platform/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace confidente {

void check_failed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "broken guarantee: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace confidente
