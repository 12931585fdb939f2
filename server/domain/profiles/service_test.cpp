#include "domain/profiles/service.hpp"

#include "domain/auth/service.hpp"
#include "testing/database.hpp"

namespace confidente::profiles {
namespace {

struct Fixture {
    std::unique_ptr<db::Database> db = testing::migrated_database();
    ManualClock clock;
    SeededRandom random{4};
    crypto::TokenAuthority authority{*crypto::SigningKey::generate(random), "confidente", random};
    auth::Service accounts{authority, clock, random};
    Service profiles{clock};

    std::string person(const char* type, const char* email, const char* name) {
        const auto work = [&](db::Transaction& tx) {
            return accounts.register_user(tx, {type, email, "hash", name, {1990, 1, 1}});
        };
        return db->write_blocking(work).value().id;
    }
    auth::User change(const std::string& id, const Change& with) {
        return db->write_blocking([&](db::Transaction& tx) { return profiles.update(tx, id, with); }).value();
    }
    std::vector<std::string> names(const Search& search) {
        std::vector<std::string> out;
        const auto work = [&](db::Transaction& tx) { return profiles.models(tx, search); };
        for (const auto& user : db->read_blocking(work).value()) out.push_back(user.name);
        return out;
    }
};

Search search(std::string query, std::string tag = {}) {
    Search made;
    made.query = std::move(query);
    made.tag = std::move(tag);
    made.sort = Sort::name;
    return made;
}

}  // namespace

EACH_DATABASE_TEST("a change touches the fields it names and no other") {
    Fixture f;
    const auto id = f.person("model", "a@b.c", "Ana");
    Change bio;
    bio.bio = "canto";
    f.change(id, bio);
    Change services;
    services.services = R"(["show"])";
    const auto user = f.change(id, services);
    CHECK(user.bio == "canto");
    CHECK(user.name == "Ana");
    CHECK(user.services == R"(["show"])");
}

EACH_DATABASE_TEST("models are found by words and tags taken literally, clients never") {
    Fixture f;
    f.person("client", "c@b.c", "Ana Cliente");
    const auto ana = f.person("model", "a@b.c", "Ana 100%");
    f.person("model", "b@b.c", "Bia");
    Change tagged;
    tagged.services = R"(["Show"])";
    f.change(ana, tagged);
    CHECK(f.names(search("")) == std::vector<std::string>{"Ana 100%", "Bia"});
    CHECK(f.names(search("ANA")) == std::vector<std::string>{"Ana 100%"});
    CHECK(f.names(search("%")) == std::vector<std::string>{"Ana 100%"});
    CHECK(f.names(search("_")).empty());
    CHECK(f.names(search("", "show")) == std::vector<std::string>{"Ana 100%"});
    CHECK(f.names(search("' OR 1=1 --")).empty());
}

EACH_DATABASE_TEST("pages go on after the model they ended with, though others came or changed their names") {
    Fixture f;
    for (const char* name : {"bia", "Ana", "Cris", "Ana", "Bia"})
        f.person("model", (std::string{"m"} + std::to_string(f.names({}).size()) + "@b.c").c_str(), name);
    for (const Sort sort : {Sort::name, Sort::newest}) {
        Search all;
        all.sort = sort;
        const auto everybody = f.names(all);
        std::vector<std::string> seen;
        Search page = all;
        page.limit = 2;
        for (int turn = 0; turn < 3; ++turn) {
            const auto work = [&](db::Transaction& tx) { return f.profiles.models(tx, page); };
            const auto found = f.db->read_blocking(work).value();
            for (const auto& user : found) seen.push_back(user.name);
            if (!found.empty()) page.after = Place{found.back().id, found.back().name};
        }
        CHECK(seen == everybody);
    }
}

EACH_DATABASE_TEST("a client has no page among the models") {
    Fixture f;
    const auto id = f.person("client", "c@b.c", "Ana");
    CHECK(f.db->read_blocking([&](db::Transaction& tx) { return f.profiles.model(tx, id); }).error().code ==
          "not_found");
}

}  // namespace confidente::profiles
