// What every *_test.cpp includes: the test framework (doctest) under the name the house uses.
#pragma once

#include <doctest/doctest.h>

#define TEST(name) TEST_CASE(name)
