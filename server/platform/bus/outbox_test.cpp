#include "platform/bus/outbox.hpp"

#include <condition_variable>
#include <mutex>

#include "testing/database.hpp"
#include "testing/test.hpp"

namespace confidente::bus {
namespace {

/// What a subscriber heard, and a way to wait for it.
struct Heard {
    std::mutex mutex;  // guards payloads
    std::condition_variable ready;
    std::vector<std::string> payloads;

    Subscriber subscriber() {
        return [this](const std::string&, const std::string&, const std::string& payload) {
            const std::scoped_lock lock{mutex};
            payloads.push_back(payload);
            ready.notify_all();
        };
    }
    std::vector<std::string> wait_for(std::size_t count) {
        std::unique_lock lock{mutex};
        ready.wait(lock, [&] { return payloads.size() >= count; });
        return payloads;
    }
};

Status write(db::Database& db, std::string payload, bool fail = false) {
    auto work = [=](db::Transaction& tx) -> Status {
        TRY_VOID(append(tx, "topic", "key", payload, UtcTime{1}));
        if (fail) return Error{ErrorKind::invalid, "refused"};
        return {};
    };
    return db.write_blocking(work);
}

EACH_DATABASE_TEST("events arrive in order, those of a failed transaction never") {
    auto db = testing::migrated_database();
    REQUIRE(write(*db, "before").has_value());
    Heard heard;
    const Relay relay{*db, "sockets", heard.subscriber()};
    REQUIRE(write(*db, "1").has_value());
    CHECK(!write(*db, "lost", true).has_value());
    REQUIRE(write(*db, "2").has_value());
    CHECK(heard.wait_for(3) == std::vector<std::string>{"before", "1", "2"});
}

EACH_DATABASE_TEST("more events than one batch all arrive, and a relay started again goes on where it stopped") {
    auto db = testing::migrated_database();
    constexpr int kMany = 1234;
    auto work = [](db::Transaction& tx) -> Status {
        for (int i = 0; i < kMany; ++i) TRY_VOID(append(tx, "topic", "key", std::to_string(i), UtcTime{1}));
        return {};
    };
    REQUIRE(db->write_blocking(work).has_value());
    {
        Heard heard;
        const Relay relay{*db, "sockets", heard.subscriber()};
        const auto all = heard.wait_for(kMany);
        CHECK(all.front() == "0");
        CHECK(all.back() == "1233");
    }
    REQUIRE(write(*db, "after").has_value());
    Heard again;
    const Relay relay{*db, "sockets", again.subscriber()};
    const auto rest = again.wait_for(1);
    // At least once: only the last batch may be repeated, and nothing is skipped.
    CHECK(rest.size() <= kBatch + 1);
    Heard other;
    const Relay second{*db, "mail", other.subscriber()};
    CHECK(other.wait_for(kMany + 1).back() == "after");
}

}  // namespace
}  // namespace confidente::bus
