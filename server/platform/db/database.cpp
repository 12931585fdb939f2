#include "platform/db/database.hpp"

#include <condition_variable>
#include <mutex>

namespace confidente::db {

Status Database::wait_for(std::function<void(Done)> begin) {
    std::mutex mutex;  // guards committed
    std::condition_variable ready;
    std::optional<Status> committed;
    begin([&](Status status) {
        const std::scoped_lock lock{mutex};
        committed = std::move(status);
        ready.notify_one();
    });
    std::unique_lock lock{mutex};
    ready.wait(lock, [&] { return committed.has_value(); });
    return std::move(*committed);
}

Status Database::run_script(std::string_view sql) {
    const std::string text{sql};
    return run_alone([text](Transaction& tx) { return tx.script(text); });
}

}  // namespace confidente::db
