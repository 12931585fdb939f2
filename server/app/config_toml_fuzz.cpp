// The configuration file. Its author is the operator, but a broken file must be told, not crashed on; and what is
// printed as being in force must be readable as a file again.
#include <sys/mman.h>
#include <unistd.h>

#include "app/config.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using confidente::app::Config;

namespace {

Result<Config> load(std::string_view text) {
    static const int file = ::memfd_create("config", MFD_CLOEXEC);
    check(file >= 0 && ::ftruncate(file, 0) == 0);
    check(::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    return Config::load("/proc/self/fd/" + std::to_string(file), {}, {});
}

}  // namespace

FUZZ(input) {
    const auto config = load(as_text(input));
    if (!config) {
        check(config.error().code == "bad_config" && !config.error().detail.empty());
        return;
    }
    const auto again = load(config->to_toml());
    check(again.has_value());
    for (const auto& setting : app::settings()) {
        if (setting.kind == app::Kind::list)
            check(again->list(setting.key) == config->list(setting.key));
        else if (setting.kind != app::Kind::secret)
            check(again->text(setting.key) == config->text(setting.key));
    }
}
