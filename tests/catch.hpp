#pragma once
/// Catch2, whichever version the system has: 2 on Debian 12, 3 on Debian 13. What differs between
/// them gets one name here.
#include <string>

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
inline auto has_text(const std::string& text) { return Catch::Matchers::ContainsSubstring(text); }
#else
#include <catch2/catch.hpp>
inline auto has_text(const std::string& text) { return Catch::Matchers::Contains(text); }
#endif
inline auto begins_with(const std::string& text) { return Catch::Matchers::StartsWith(text); }
