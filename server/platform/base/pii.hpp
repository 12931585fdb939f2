// Personal data in logs: a Pii value prints as `***` unless somebody asks for it by name.
#pragma once

#include <utility>

namespace confidente {

template <class T>
class Pii {
public:
    explicit Pii(T value) : value_(std::move(value)) {}
    const T& reveal() const { return value_; }

private:
    T value_;
};

}  // namespace confidente
