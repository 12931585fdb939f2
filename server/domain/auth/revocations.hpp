// Which sessions have ended, as every request must know it: an access token outlives its session by minutes, so each
// is held against this list. Asking it costs a look into memory; it is fed at once by what this process ends, and once
// a second from the database by what other processes end.
//
// Invariants: it holds only sessions whose access tokens may still be unexpired, so its size is bounded by the endings
// of ten minutes; a session in it stays in it until none of its tokens is good any more.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/db/database.hpp"

namespace confidente::auth {

/// Thread-safe.
class Revocations {
public:
    /// True when it was not known yet.
    bool add(std::string_view session_id, UtcTime now);
    bool contains(std::string_view session_id) const;
    /// Takes in what the database says. Gives every session that ended since the last call, from here or elsewhere: its
    /// sockets must be closed, if need be once more, for one may have been let in at the very moment of the ending.
    /// Blocks.
    Result<std::vector<std::string>> refresh(db::Database& db, UtcTime now);
    std::size_t size() const;

private:
    mutable std::mutex mutex_;  ///< guards all below
    std::unordered_map<std::string, UtcTime> ended_;
    std::vector<std::string> unannounced_;
    UtcTime read_until_{};
};

}  // namespace confidente::auth
