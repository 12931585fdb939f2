// Whether two JSON values say the same. Numbers with a fraction may differ in their last digit: Boost.JSON 1.81 does
// not read every one as exactly as it writes it.
#pragma once

#include <boost/json.hpp>
#include <cmath>

namespace confidente::testing {

inline bool same_json(const boost::json::value& a, const boost::json::value& b) {
    if (a.is_double() && b.is_number()) {
        const double x = a.as_double(), y = b.to_number<double>();
        return x == y || std::abs(x - y) <= 1e-12 * std::abs(x);
    }
    if (a.kind() != b.kind()) return false;
    if (const auto* array = a.if_array()) {
        if (array->size() != b.as_array().size()) return false;
        for (std::size_t i = 0; i < array->size(); ++i)
            if (!same_json((*array)[i], b.as_array()[i])) return false;
        return true;
    }
    if (const auto* object = a.if_object()) {
        if (object->size() != b.as_object().size()) return false;
        for (const auto& item : *object) {
            const auto* other = b.as_object().if_contains(item.key());
            if (!other || !same_json(item.value(), *other)) return false;
        }
        return true;
    }
    return a == b;
}

}  // namespace confidente::testing
