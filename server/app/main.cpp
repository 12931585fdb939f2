// The command line. Everything else is in commands/.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>

#include "app/commands/commands.hpp"
#include "app/config.hpp"
#include "platform/base/log.hpp"
#include "platform/images/sandbox.hpp"

extern char** environ;

namespace {

using confidente::Result;
using confidente::app::Config;

std::map<std::string, std::string> environment() {
    std::map<std::string, std::string> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const auto equals = text.find('=');
        if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
    }
    return variables;
}

struct Flags {
    std::string config_file;
    std::string data_dir;
    std::string http;  ///< address:port
    int media_port = -1;
    std::vector<std::string> set;  ///< key=value

    void add_to(CLI::App& command) {
        command.add_option("--config", config_file, "TOML file with settings");
        command.add_option("--data-dir", data_dir, "folder for the database, keys and pictures");
        command.add_option("--set", set, "any setting, as http.port=8081; may be repeated")->allow_extra_args(false);
    }
    Result<Config> load() const;
};

Result<Config> Flags::load() const {
    std::map<std::string, std::string> flags;
    for (const auto& pair : set) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos)
            return confidente::Error{.code = "bad_config", .detail = "--set takes key=value, not \"" + pair + "\""};
        flags[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
    if (!data_dir.empty()) flags["data.dir"] = data_dir;
    if (!http.empty()) {
        const auto colon = http.rfind(':');
        if (colon == std::string::npos)
            return confidente::Error{.code = "bad_config", .detail = "--http takes address:port, not \"" + http + "\""};
        flags["http.address"] = http.substr(0, colon);
        flags["http.port"] = http.substr(colon + 1);
    }
    if (media_port >= 0) flags["media.port"] = std::to_string(media_port);
    const auto file = config_file.empty() ? std::nullopt : std::optional<std::filesystem::path>{config_file};
    return Config::load(file, environment(), flags);
}

}  // namespace

int main(int argc, char** argv) {
    using namespace confidente;
    CLI::App program{"Live Confidente: live video, chat and gifts", "confidente"};
    program.require_subcommand(1);
    Flags flags;
    bool with_demo = false;
    std::string url = "http://127.0.0.1:8080", email, name = "Administrator";

    auto* serve = program.add_subcommand("serve", "start the server");
    flags.add_to(*serve);
    serve->add_option("--http", flags.http, "address and port of the web server (127.0.0.1:8080)");
    serve->add_option("--media-port", flags.media_port, "UDP port of all media (40000)");
    serve->add_flag("--demo", with_demo, "fill the place with models and one synthetic live");
    auto* config = program.add_subcommand("config", "print the settings in force, secrets masked");
    flags.add_to(*config);
    auto* routes = program.add_subcommand("routes", "print every route and socket event, who may use it, as JSON");
    flags.add_to(*routes);
    auto* migrate = program.add_subcommand("migrate", "bring the database up to date");
    flags.add_to(*migrate);
    auto* ledger = program.add_subcommand("ledger", "the books");
    ledger->require_subcommand(1);
    auto* verify = ledger->add_subcommand("verify", "prove every invariant, or name the first wrong row");
    flags.add_to(*verify);
    auto* audit = program.add_subcommand("audit", "the log of sensitive acts");
    audit->require_subcommand(1);
    auto* audit_verify = audit->add_subcommand("verify", "prove its chain, or name the first wrong row");
    flags.add_to(*audit_verify);
    auto* keys = program.add_subcommand("keys", "the keys that sign tokens");
    keys->require_subcommand(1);
    auto* roll = keys->add_subcommand("roll", "make the next one; nobody is signed out");
    flags.add_to(*roll);
    auto* admin = program.add_subcommand("admin", "administrators");
    admin->require_subcommand(1);
    auto* create = admin->add_subcommand("create", "make one; the password is read from standard input");
    flags.add_to(*create);
    create->add_option("--email", email)->required();
    create->add_option("--name", name);
    auto* demo = program.add_subcommand("demo", "fill a running server, and broadcast to it until stopped");
    demo->add_option("--url", url, "where the server listens");
    // How the server starts the process that decodes a stranger's picture; not for people.
    auto* recode = program.add_subcommand(images::kChildCommand, "")->group("");
    CLI11_PARSE(program, argc, argv);

    if (recode->parsed()) images::child_main();
    if (demo->parsed()) return app::demo(url);
    // The demo's people register from this machine, and must not use up what its visitors may.
    if (with_demo) flags.set.insert(flags.set.begin(), "auth.registrations_per_hour=100");
    const auto loaded = flags.load();
    if (!loaded) return app::fail(loaded.error());
    if (!log::set_level(loaded->text("log.level")))
        return app::fail({.code = "bad_config", .detail = "log.level is debug, info, warning or error"});
    if (config->parsed()) {
        std::fputs(loaded->to_toml().c_str(), stdout);
        return 0;
    }
    if (routes->parsed()) return app::routes(*loaded);
    if (migrate->parsed()) return app::migrate(*loaded);
    if (verify->parsed()) return app::ledger_verify(*loaded);
    if (audit_verify->parsed()) return app::audit_verify(*loaded);
    if (roll->parsed()) return app::keys_roll(*loaded);
    if (create->parsed()) return app::admin_create(*loaded, email, name);
    return app::serve(*loaded, with_demo);
}
