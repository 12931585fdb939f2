// Profiles: what people tell about themselves, and the list of models.
//
// Errors: 404 `not_found`, 403 `not_owner`; 422 for fields that do not validate.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/auth/user.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/db/database.hpp"

namespace confidente::profiles {

inline constexpr std::size_t kMaxJsonField = std::size_t{8} * 1024;  ///< bytes of services, pricing, schedule, settings

/// Absent fields stay as they are. The last four are JSON text.
struct Change {
    std::optional<std::string> name, bio, location, services, pricing, schedule, settings;
};

enum class Sort : std::uint8_t { newest, name };

/// Where a model stands in a list, whatever its order.
struct Place {
    std::string id, name;
};

struct Search {
    std::string query, tag;  ///< empty: any
    Sort sort = Sort::newest;
    std::optional<Place> after = {};  ///< the last one seen
    std::int64_t limit = 20;
};

class Service {
public:
    explicit Service(const Clock& clock) : clock_(clock) {}
    Result<auth::User> update(db::Transaction& tx, std::string_view user_id, const Change& change) const;
    Result<std::vector<auth::User>> models(db::Transaction& tx, const Search& search) const;
    /// 404 for somebody who is not a model.
    Result<auth::User> model(db::Transaction& tx, std::string_view id) const;
    /// The key of the picture among the blobs; none takes it away.
    Status set_avatar(db::Transaction& tx, std::string_view user_id, const std::optional<std::string>& key) const;

private:
    const Clock& clock_;
};

}  // namespace confidente::profiles
