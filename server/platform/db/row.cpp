#include "platform/db/database.hpp"

#include <algorithm>

#include "platform/base/check.hpp"

namespace confidente::db {

Row::Row(std::shared_ptr<const std::vector<std::string>> names, std::vector<Value> values)
    : names_(std::move(names)), values_(std::move(values)) {
    check(names_ && names_->size() == values_.size());
}

const Value& Row::at(std::string_view column) const {
    const auto found = std::find(names_->begin(), names_->end(), column);
    check(found != names_->end());
    return values_[static_cast<std::size_t>(found - names_->begin())];
}

std::int64_t Row::integer(std::string_view column) const {
    const auto* value = std::get_if<std::int64_t>(&at(column));
    check(value != nullptr);
    return *value;
}

const std::string& Row::text(std::string_view column) const {
    const auto* value = std::get_if<std::string>(&at(column));
    check(value != nullptr);
    return *value;
}

std::optional<std::int64_t> Row::optional_integer(std::string_view column) const {
    if (is_null(column)) return std::nullopt;
    return integer(column);
}

std::optional<std::string> Row::optional_text(std::string_view column) const {
    if (is_null(column)) return std::nullopt;
    return text(column);
}

Result<Rows> Asked::rows() {
    if (!*slot_) (void)tx_.settle();
    check(slot_->has_value());
    return std::move(**slot_);
}

bool Row::is_null(std::string_view column) const { return std::holds_alternative<std::nullptr_t>(at(column)); }

}  // namespace confidente::db
