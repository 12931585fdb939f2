// The server's configuration: one table of keys, from which come the TOML file, the environment, the flags, the help
// and the documentation. Precedence, lowest first: defaults, file, environment (CONFIDENTE_HTTP_ADDRESS), flags.
// A key that is not in the table, or a value of the wrong kind, is refused with the place where it stands.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.hpp"

namespace confidente::app {

enum class Kind : std::uint8_t { text, integer, list, secret, url };  // of a url the password is secret

/// One row of the table.
struct Setting {
    std::string_view key;  ///< `http.address`, as in TOML: table and name
    Kind kind;
    std::string_view default_value;  ///< lists are separated by commas
    std::string_view unit;           ///< empty where a number counts things
    std::int64_t min = 0, max = 0;   ///< integers only
    std::string_view help;
};

/// Every setting there is, in the order of the documentation.
const std::vector<Setting>& settings();
/// An address without its password: `postgres://ana:***@host/db`.
std::string masked_url(std::string_view url);
/// `http.address` → `CONFIDENTE_HTTP_ADDRESS`.
std::string environment_name(std::string_view key);

class Config {
public:
    /// Reads all sources. `environment` and `flags` map names and keys to texts. Errors: `bad_config`, naming the
    /// place.
    static Result<Config> load(const std::optional<std::filesystem::path>& file,
                               const std::map<std::string, std::string>& environment,
                               const std::map<std::string, std::string>& flags);

    /// A key that is not in the table is a bug of ours.
    const std::string& text(std::string_view key) const;
    std::int64_t integer(std::string_view key) const;
    std::vector<std::string> list(std::string_view key) const;
    /// What is in force as TOML, each line with its source; secrets are masked.
    std::string to_toml() const;

private:
    struct Entry {
        std::string value;
        std::string source = "default";
    };
    Status set(std::string_view key, std::string value, std::string source);
    const Entry& entry(std::string_view key) const;
    std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace confidente::app
