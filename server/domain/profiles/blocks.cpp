#include "domain/profiles/blocks.hpp"

namespace confidente::profiles {
namespace {

constexpr db::Query kBlocked{"blocked_between",
                             "SELECT 1 AS blocked FROM blocks WHERE (blocker_id = :a AND blocked_id = :b) "
                             "OR (blocker_id = :b AND blocked_id = :a)"};

}  // namespace

Result<bool> blocked_between(db::Transaction& tx, std::string_view a, std::string_view b) {
    TRY(const auto rows, tx.query(kBlocked, {{"a", a}, {"b", b}}));
    return !rows.empty();
}

}  // namespace confidente::profiles
