#pragma once
/// Errors as bytes, to carry them from the rank that has one to all others. Private to dist/.

#include <exception>
#include <string>

#include "core/error.hpp"

namespace lockstep::dist {

/// The bytes of what is being handled or stored in `error`; nested exceptions are appended to its
/// text.
std::string pack_error(const std::exception_ptr& error, int rank);

/// The AgreedError that pack_error's bytes stand for; `named` says whether to name the rank it came
/// from.
AgreedError unpack_error(const std::string& bytes, bool named);

}  // namespace lockstep::dist
