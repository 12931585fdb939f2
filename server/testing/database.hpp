// The engines a store's tests run on. A test says what must hold; every engine that is listed must hold it.
//
//   TEST("a user is found by e-mail") {
//       each_database([](db::Database& db) { ... });
//   }
//   EACH_DATABASE_TEST("the same, for a fixture that opens testing::migrated_database()") { ... }
//
// PostgreSQL is a real one, whose address CONFIDENTE_TEST_POSTGRES holds; `./dev test` starts it.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "migrations/migrate.hpp"
#include "platform/db/postgres/postgres.hpp"
#include "platform/db/sqlite/sqlite.hpp"
#include "testing/test.hpp"

namespace confidente::testing {

using DatabasePtr = std::unique_ptr<db::Database>;

/// The address of the tests' server; without one the test fails and says how to get it.
inline std::string postgres_server() {
    const char* url = std::getenv("CONFIDENTE_TEST_POSTGRES");
    REQUIRE_MESSAGE(url != nullptr,
                    "CONFIDENTE_TEST_POSTGRES is not set: run the tests by ./dev test, or this program by "
                    "tools/private-postgres run PROGRAM");
    return url;
}

/// The databases this program has made on the server; they go when nobody uses them any more.
class MadeDatabases {
public:
    ~MadeDatabases() { drop(" WITH (FORCE)"); }
    /// The address of a new one.
    std::string make(const std::string& pattern) {
        drop("");
        const std::string name = "test_" + std::to_string(getpid()) + "_" + std::to_string(made_++);
        REQUIRE(db::postgres_command(server_, "CREATE DATABASE " + name + " TEMPLATE " + pattern).has_value());
        names_.push_back(name);
        const auto at = server_.find("@/") + 2;
        return server_.substr(0, at) + name + server_.substr(server_.find('?'));
    }
    /// The name of one with every table, made once per program; the others are copied from it.
    std::string pattern() {
        if (!pattern_.empty()) return pattern_;
        const auto url = make("template0");
        auto db = db::open_postgres({.url = url});
        REQUIRE(db.has_value());
        REQUIRE(migrations::migrate(**db, UtcTime{1'790'000'000'000}).has_value());
        names_.pop_back();
        const auto at = url.find("@/") + 2;
        return pattern_ = url.substr(at, url.find('?') - at);
    }

private:
    void drop(const char* how) {
        if (*how && !pattern_.empty()) names_.push_back(pattern_);
        std::erase_if(names_, [&](const std::string& name) {
            return db::postgres_command(server_, "DROP DATABASE " + name + how).has_value();
        });
    }
    std::string server_ = postgres_server();
    std::string pattern_;
    std::vector<std::string> names_;
    int made_ = 0;
};

inline MadeDatabases& made_databases() {
    static MadeDatabases made;
    return made;
}

/// The address of a fresh PostgreSQL database without tables.
inline std::string empty_postgres() { return made_databases().make("template0"); }

inline DatabasePtr open_postgres(const std::string& url) {
    auto opened = db::open_postgres({.url = url});
    REQUIRE(opened.has_value());
    return std::move(*opened);
}

/// The address of a fresh PostgreSQL database with every table, for tests of several nodes on one.
inline std::string migrated_postgres() {
    const auto pattern = made_databases().pattern();
    return made_databases().make(pattern);
}

struct TestEngine {
    const char* name;
    DatabasePtr (*empty)();
    DatabasePtr (*migrated)();
};

inline DatabasePtr migrated_sqlite() {
    auto db = db::open_sqlite({});
    REQUIRE(db.has_value());
    REQUIRE_MESSAGE(migrations::migrate(**db, UtcTime{1'790'000'000'000}).has_value(), "migrations fail");
    return std::move(*db);
}

inline const std::vector<TestEngine>& engines() {
    static const std::vector<TestEngine> all{
        {"sqlite", [] { return db::open_sqlite({}).value(); }, migrated_sqlite},
        {"postgres", [] { return open_postgres(empty_postgres()); }, [] { return open_postgres(migrated_postgres()); }},
    };
    return all;
}

/// The engine that the running test is on: SQLite unless it says otherwise.
inline const TestEngine*& current_engine() {
    static const TestEngine* engine = &engines().front();
    return engine;
}

/// A fresh database with every table, on the running test's engine.
inline DatabasePtr migrated_database() { return current_engine()->migrated(); }

template <class Test>
void each_engine(Test test) {
    for (const auto& engine : engines()) {
        CAPTURE(std::string{engine.name});
        current_engine() = &engine;
        test();
    }
    current_engine() = &engines().front();
}

/// A fresh database with every table, on each engine in turn.
template <class Test>
void each_database(Test test) {
    each_engine([&] { test(*current_engine()->migrated()); });
}

/// The same without tables.
template <class Test>
void each_empty_database(Test test) {
    each_engine([&] { test(*current_engine()->empty()); });
}

}  // namespace confidente::testing

#define EACH_DATABASE_TEST(name) EACH_DATABASE_TEST_AS(name, DOCTEST_ANONYMOUS(each_database_test_))
#define EACH_DATABASE_TEST_AS(name, body)     \
    static void body();                       \
    TEST(name) {                              \
        testing::each_engine([] { body(); }); \
    }                                         \
    static void body()
