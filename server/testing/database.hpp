// The engines a store's tests run on. A test says what must hold; every engine that is listed must hold it.
//
//   TEST("a user is found by e-mail") {
//       each_database([](db::Database& db) { ... });
//   }
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "migrations/migrate.hpp"
#include "platform/db/sqlite/sqlite.hpp"
#include "testing/test.hpp"

namespace confidente::testing {

struct TestEngine {
    const char* name;
    std::function<Result<std::unique_ptr<db::Database>>()> open;  ///< a fresh, empty database
};

inline std::vector<TestEngine> engines() {
    return {{"sqlite", [] { return db::open_sqlite({}); }}};
}

/// A fresh database with every table, on the engine that needs nothing installed.
inline std::unique_ptr<db::Database> migrated_database() {
    auto db = db::open_sqlite({});
    REQUIRE(db.has_value());
    const auto migrated = migrations::migrate(**db, UtcTime{1'790'000'000'000});
    REQUIRE_MESSAGE(migrated.has_value(), "migrations fail");
    return std::move(*db);
}

template <class Test>
void each_database(Test test) {
    for (const auto& engine : engines()) {
        CAPTURE(engine.name);
        auto db = engine.open();
        REQUIRE(db.has_value());
        const auto migrated = migrations::migrate(**db, UtcTime{1'790'000'000'000});
        REQUIRE(migrated.has_value());
        test(**db);
    }
}

}  // namespace confidente::testing
