// Assertions that stay on in production. They state what our own code guarantees; input from outside is never
// checked with them, it is answered with an Error.
#pragma once

namespace confidente {

/// Prints where the broken guarantee stands and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace confidente

// Variadic, so that a condition may hold commas of templates.
#define check(...) \
    (static_cast<bool>(__VA_ARGS__) ? void(0) : ::confidente::check_failed(#__VA_ARGS__, __FILE__, __LINE__))
