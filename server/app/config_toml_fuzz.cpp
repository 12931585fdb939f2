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

/// The same values from elsewhere: a setting's text is taken or refused alike wherever it stands.
void check_elsewhere(const std::string& text) {
    const auto environment = Config::load({}, {{"CONFIDENTE_HTTP_PORT", text}, {"PATH", text}}, {});
    const auto flag = Config::load({}, {}, {{"http.port", text}});
    check(environment.has_value() == flag.has_value());
    if (flag) check(flag->integer("http.port") >= 0 && flag->integer("http.port") <= 65535);
    check(!Config::load({}, {{"CONFIDENTE_" + text + "_", text}}, {}));
}

/// An address is shown without its password.
void check_masked(const std::string& text) {
    constexpr std::string_view kSecret = "a-secret";
    for (const std::string& url : {"postgres://ana:" + std::string{kSecret} + "@host/" + text,
                                   "host=h password=" + std::string{kSecret} + " " + text,
                                   "postgres://h/d?password=" + std::string{kSecret} + "&" + text})
        if (text.find(kSecret) == std::string::npos && text.find('@') == std::string::npos)
            check(app::masked_url(url).find(kSecret) == std::string::npos);
    app::masked_url(text);
}

}  // namespace

FUZZ(input) {
    const std::string text{as_text(input)};
    check_elsewhere(text);
    check_masked(text);
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
