// The journal and the accounts' balances: how decided postings are written. Append-only; a correction is a transfer.
//
// Invariants: a transfer, its entries, the balances and the journal's head change in one database transaction; every
// transfer's hash covers its content and the hash before it; entries carry the balance before and after and the
// account's version, so any past balance can be read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/wallet/postings.hpp"
#include "platform/base/ids.hpp"
#include "platform/db/database.hpp"

namespace confidente::wallet {

/// A transfer as it stands in the journal.
struct Transfer {
    TransferId id;
    std::int64_t seq = 0;
    bool repeated = false;  ///< it stood there before this call; nothing moved now
};

struct NewTransfer {
    TransferId id;
    std::string kind;    ///< `gift`, `ticket`, `purchase.settled`, …
    std::string key;     ///< unique within the kind, for ever
    std::string detail;  ///< JSON object for people to read later; ids, never names
    UtcTime at;
};

/// One line of the journal, as its hash sees it.
struct Entry {
    std::string account_id;
    std::string unit;
    std::int64_t debit = 0, credit = 0;
    std::int64_t previous_balance = 0, balance = 0;
    std::int64_t version = 0;
};

/// The transfer of that kind and key, if there is one.
Result<std::optional<Transfer>> find_transfer(db::Transaction& tx, std::string_view kind, std::string_view key);
/// Writes everything. 402 `insufficient_tokens` when an account would fall below its limit.
Result<Transfer> write_transfer(db::Transaction& tx, const NewTransfer& transfer, const Postings& postings);
/// Zero for an account that does not exist yet.
Result<std::int64_t> account_balance(db::Transaction& tx, std::string_view account_id);

/// The chain's next link.
std::string transfer_hash(std::string_view previous_hash, std::int64_t seq, const NewTransfer& transfer,
                          const std::vector<Entry>& entries);

}  // namespace confidente::wallet
