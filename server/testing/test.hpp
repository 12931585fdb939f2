// What every *_test.cpp includes: the test framework (doctest) under the name the house uses.
#pragma once

#include <doctest/doctest.h>

#include <boost/system/result.hpp>
#include <sstream>

#define TEST(name) TEST_CASE(name)

/// A failed CHECK(result) prints the error, and needs no operator<< for the value.
template <class T, class E>
struct doctest::StringMaker<boost::system::result<T, E>> {
    static doctest::String convert(const boost::system::result<T, E>& result) {
        if (result.has_value()) return "a value";
        std::ostringstream text;
        text << result.error();
        return text.str().c_str();
    }
};
