// The audit log: who did what, when and from where, for every sensitive act, in the act's own transaction.
//
// Invariants: rows are only appended (the database refuses anything else) and each carries the digest of the one
// before, so that an edited, removed, added or moved row breaks the chain where it stands; neither secrets nor e-mail
// addresses are written, only ids and pseudonyms. A tail that was cut off is found by the signed checkpoints, which
// lie outside the database (checkpoints.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/db/database.hpp"

namespace confidente::audit {

/// Where a call came from.
struct Origin {
    std::string address = {};
    std::string session = {};
};

/// One act. Empty fields are unknown or do not apply.
struct Act {
    std::string_view action;  ///< a whole literal: grep finds it
    std::string actor = {};   ///< a user's id
    std::string object = {};  ///< the id, or the pseudonym, of what it was done to
    std::string reason = {};  ///< one word of our own
    Origin from = {};
};

Status append(db::Transaction& tx, const Act& act, UtcTime now);

/// The last link.
struct Head {
    std::int64_t seq = 0;
    std::string hash;
};
Result<Head> head(db::Transaction& tx);

struct Wrong {
    std::int64_t seq = 0;
    std::string what;
};
struct Report {
    std::int64_t rows = 0;
    std::optional<Wrong> wrong;  ///< the first one
};

/// Walks the whole chain. `known` are links that were witnessed elsewhere, oldest first: each must still be there.
Result<Report> verify(db::Transaction& tx, const std::vector<Head>& known = {});

}  // namespace confidente::audit
