#pragma once
/// Errors as bytes, to carry them from the rank that has one to all others. Private to dist/.

#include <exception>
#include <string>

#include "core/error.hpp"
#include "dist/communicator.hpp"

namespace lockstep::dist {

/// The bytes of what is stored in `error`; nested exceptions are appended to its text, and it names
/// this rank.
std::string pack_error(const std::exception_ptr& error, const Communicator::Impl& ranks);

/// The AgreedError that pack_error's bytes stand for, held by all `ranks`.
AgreedError unpack_error(const std::string& bytes, const Communicator::Impl& ranks);

/// The text of an exception and of those nested in it.
std::string text_of(const std::exception_ptr& error);

}  // namespace lockstep::dist
