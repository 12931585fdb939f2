// Whole amounts (tokens, minor units of money) and arithmetic that says when it does not fit instead of wrapping.
#pragma once

#include <cstdint>

#include "platform/base/result.hpp"

namespace confidente::wallet {

inline Error overflow_error() {
    return Error{ErrorKind::unprocessable, "amount_too_large", "The amount is too large."};
}

inline Result<std::int64_t> checked_add(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) return overflow_error();
    return sum;
}

inline Result<std::int64_t> checked_multiply(std::int64_t a, std::int64_t b) {
    std::int64_t product = 0;
    if (__builtin_mul_overflow(a, b, &product)) return overflow_error();
    return product;
}

/// Parts of ten thousand; 3000 is 30 %.
struct BasisPoints {
    std::int64_t value = 0;
};

/// floor(total · rate / 10000) for total ≥ 0 and 0 ≤ rate ≤ 10000, without overflow.
std::int64_t share_of(std::int64_t total, BasisPoints rate);

/// The commission on `amount` when `before` was already earned at this rate: taken on the running total, so that any
/// split of a sum into gifts gives the same commission. Both ≥ 0; an error only if the total does not fit.
Result<std::int64_t> commission_on(std::int64_t before, std::int64_t amount, BasisPoints rate);

}  // namespace confidente::wallet
