#include "app/config.hpp"

#include <unistd.h>

#include <fstream>

#include "testing/test.hpp"

using namespace confidente;
using app::Config;

namespace {
std::filesystem::path file_with(const std::string& text) {
    const auto path =
        std::filesystem::temp_directory_path() / ("confidente_config_" + std::to_string(getpid()) + ".toml");
    std::ofstream{path} << text;
    return path;
}
std::string refusal(const std::string& toml) { return Config::load(file_with(toml), {}, {}).error().detail; }
}  // namespace

TEST("later sources win: file over default, environment over file, flag over all") {
    const auto file = file_with("[http]\nport = 1\naddress = \"::1\"\n[media]\nport = 2\n");
    const auto config = Config::load(
        file, {{"CONFIDENTE_HTTP_PORT", "3"}, {"CONFIDENTE_MEDIA_PORT", "4"}, {"HOME", "/"}}, {{"media.port", "5"}});
    REQUIRE(config);
    CHECK(config->text("http.address") == "::1");
    CHECK(config->integer("http.port") == 3);
    CHECK(config->integer("media.port") == 5);
    CHECK(config->text("web.root") == "web/dist");
}

TEST("a wrong key or value is refused with its place") {
    CHECK(refusal("[http]\n\nprot = 8080\n").find(":3: there is no setting \"http.prot\"") != std::string::npos);
    CHECK(refusal("[http]\nport = 70000\n").find(":2: http.port must be a whole number from 0 to 65535") !=
          std::string::npos);
    CHECK(refusal("[http]\nport = true\n").find("wrong kind") != std::string::npos);
    CHECK(refusal("[http\n").find(":1") != std::string::npos);
    CHECK_FALSE(Config::load({}, {{"CONFIDENTE_HTTP_PROT", "1"}}, {}));
    CHECK_FALSE(Config::load({}, {}, {{"http.port", "80x"}}));
}

TEST("lists are read from TOML arrays and what is printed can be read again") {
    const auto config =
        Config::load(file_with("[http]\ncors_origins = [\"https://a.example\", \"https://b.example\"]\n"), {}, {});
    REQUIRE(config);
    CHECK(config->list("http.cors_origins") == std::vector<std::string>{"https://a.example", "https://b.example"});
    const auto again = Config::load(file_with(config->to_toml()), {}, {});
    REQUIRE(again);
    CHECK(again->list("http.cors_origins").size() == 2);
}

TEST("of the database's address everything is shown but the password, wherever it stands") {
    const auto shown = [](const std::string& url) {
        return Config::load({}, {{"CONFIDENTE_DATABASE_URL", url}}, {})->to_toml();
    };
    CHECK(shown("postgres://ana:s3cr3t@db.example/live").find("\"postgres://ana:***@db.example/live\"") !=
          std::string::npos);
    for (const auto* url : {"postgres://ana:s3cr3t@h/d", "postgres://ana:p@s3cr3t@h:5432/d?sslmode=require",
                            "postgres:///d?host=/run/pg&user=ana&password=s3cr3t", "host=h password=s3cr3t dbname=d",
                            "host=h password='s3cr3t with spaces' dbname=d", "postgres://h/d?sslpassword=s3cr3t"}) {
        CAPTURE(std::string{url});
        CHECK(shown(url).find("s3cr3t") == std::string::npos);
    }
    CHECK(app::masked_url("postgres://h:5432/d") == "postgres://h:5432/d");
    CHECK(app::masked_url("postgres:///d?host=/run/a@b") == "postgres:///d?host=/run/a@b");
}

TEST("what is printed can be read again when a value has line breaks and control characters") {
    // A value over two lines was printed over two lines: no TOML, and an ESC went to the operator's terminal as it was.
    const auto config = Config::load(file_with("[log]\nlevel = \"\"\"a\nb\\u001b\\u007f\"\"\"\n"), {}, {});
    REQUIRE(config);
    CHECK(config->to_toml().find("\"a\\u000ab\\u001b\\u007f\"") != std::string::npos);
    const auto again = Config::load(file_with(config->to_toml()), {}, {});
    REQUIRE(again);
    CHECK(again->text("log.level") == "a\nb\x1b\x7f");
}
