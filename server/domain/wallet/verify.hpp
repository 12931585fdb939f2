// `confidente ledger verify`: reads the whole journal and proves what must always hold. Memory grows with accounts,
// not with the journal.
//
// I1 every transfer has two entries or more and sums to zero per unit · I2 all entries and all balances sum to zero per
// unit · I3 stored sums and versions are those of the journal · I4 no account beyond its limit · I5 the hash chain is
// whole, without a hole · I10 commission is the formula's for each model and rate · I11 tokens issued are the tokens
// held. (I6 is the tables' own unique keys; I9 is checked by the gifts slice, which knows gifts.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "platform/base/result.hpp"
#include "platform/db/database.hpp"

namespace confidente::wallet {

/// The first row that contradicts an invariant.
struct Wrong {
    std::string invariant;  ///< `I3`
    std::string table;
    std::string row;  ///< its id
    std::string what;
};

struct VerifyReport {
    std::int64_t transfers = 0;
    std::int64_t entries = 0;
    std::int64_t accounts = 0;
    std::optional<Wrong> wrong;
    bool clean() const { return !wrong.has_value(); }
};

/// An error only if the database cannot be read; what it finds is in the report.
Result<VerifyReport> verify(db::Transaction& tx);

}  // namespace confidente::wallet
