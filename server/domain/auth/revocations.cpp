#include "domain/auth/revocations.hpp"

#include <algorithm>
#include <utility>

#include "domain/auth/service.hpp"

namespace confidente::auth {
namespace {

// Clocks of several machines differ, and a transaction commits a little after the time it writes.
constexpr Duration kOverlap = 30s;
constexpr Duration kKept = kAccessTokenLife + 2 * kOverlap;

constexpr db::Query kEndedSince{"sessions_ended_since",
                                "SELECT id, revoked_at FROM session_families WHERE revoked_at >= :since"};

}  // namespace

bool Revocations::add(std::string_view session_id, UtcTime now) {
    const std::scoped_lock lock{mutex_};
    const bool fresh = ended_.emplace(session_id, now).second;
    if (fresh) unannounced_.emplace_back(session_id);
    return fresh;
}

bool Revocations::contains(std::string_view session_id) const {
    const std::scoped_lock lock{mutex_};
    return ended_.contains(std::string{session_id});
}

Result<std::vector<std::string>> Revocations::refresh(db::Database& db, UtcTime now) {
    UtcTime since;
    {
        const std::scoped_lock lock{mutex_};
        since = std::max(now - kKept, read_until_ - kOverlap);
    }
    auto work = [since](db::Transaction& tx) { return tx.query(kEndedSince, {{"since", since.ms}}); };
    TRY(const auto rows, db.read_blocking(work));
    const std::scoped_lock lock{mutex_};
    auto fresh = std::exchange(unannounced_, {});
    for (const auto& row : rows)
        if (ended_.emplace(row.text("id"), now).second) fresh.push_back(row.text("id"));
    std::erase_if(ended_, [&](const auto& entry) { return entry.second + kKept <= now; });
    read_until_ = now;
    return fresh;
}

std::size_t Revocations::size() const {
    const std::scoped_lock lock{mutex_};
    return ended_.size();
}

}  // namespace confidente::auth
