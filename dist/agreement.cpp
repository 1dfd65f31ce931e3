#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "dist/bytes.hpp"
#include "dist/error_text.hpp"
#include "dist/mpi_communicator.hpp"
#include "dist/session.hpp"

namespace lockstep::dist {
namespace {

void put(std::string& bytes, std::int64_t number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put(std::string& bytes, const std::string& text) {
  put(bytes, static_cast<std::int64_t>(text.size()));
  bytes += text;
}

/// Reads what put() has written, in the same order.
class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {}
  std::int64_t number() {
    std::int64_t number = 0;
    expects(at_ + sizeof number <= bytes_.size(), "dist: a whole message");
    std::memcpy(&number, bytes_.data() + at_, sizeof number);
    at_ += sizeof number;
    return number;
  }
  std::string text() {
    const auto size = static_cast<std::size_t>(number());
    expects(at_ + size <= bytes_.size(), "dist: a whole message");
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }

 private:
  const std::string& bytes_;
  std::size_t at_ = 0;
};

std::string text_of(const std::exception& error) {
  std::string text = dynamic_cast<const std::bad_alloc*>(&error) ? "out of memory" : error.what();
  try {
    std::rethrow_if_nested(error);
  } catch (const std::exception& inner) {
    text += ": " + text_of(inner);
  } catch (...) {
  }
  return text;
}

std::string pack(const std::string& what, const Where& where, const std::string& advice,
                 ExitCode code, int rank) {
  std::string bytes;
  put(bytes, what);
  put(bytes, where.file);
  put(bytes, where.line);
  put(bytes, where.column);
  put(bytes, where.field);
  put(bytes, where.partition);
  put(bytes, where.rank >= 0 ? where.rank : rank);
  put(bytes, advice);
  put(bytes, static_cast<std::int64_t>(code));
  return bytes;
}

/// "rank 3 on host n07 WHAT VERSION, rank 0 WHAT VERSION"; empty if all are equal.
std::string difference(const std::vector<std::string>& values,
                       const std::vector<std::string>& hosts, const char* what) {
  const auto odd = std::find_if(values.begin(), values.end(),
                                [&](const auto& value) { return value != values[0]; });
  if (odd == values.end()) return {};
  const auto rank = static_cast<std::size_t>(odd - values.begin());
  return fmt::format("rank {} on host {} {} {}, rank 0 on host {} {} {}", rank, hosts[rank], what,
                     *odd, hosts[0], what, values[0]);
}

}  // namespace

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return text_of(known);
  } catch (...) {
    return "an exception of an unknown kind";
  }
}

std::string pack_error(const std::exception_ptr& error, const Communicator::Impl& ranks) {
  const int rank = ranks.world_ranks[static_cast<std::size_t>(ranks.rank)];
  try {
    std::rethrow_exception(error);
  } catch (const Error& ours) {
    return pack(text_of(ours), ours.where(), ours.advice(), ours.exit_code(), rank);
  } catch (const std::exception& foreign) {
    return pack(text_of(foreign), {}, {}, exit_code_of(foreign), rank);
  } catch (...) {
    return pack("an exception of an unknown kind", {}, {}, ExitCode::Internal, rank);
  }
}

AgreedError unpack_error(const std::string& bytes, const Communicator::Impl& ranks) {
  Reader reader(bytes);
  const std::string what = reader.text();
  Where where;
  where.file = reader.text();
  where.line = reader.number();
  where.column = reader.number();
  where.field = reader.text();
  where.partition = reader.number();
  where.rank = static_cast<int>(reader.number());
  if (ranks.group.empty() && ranks.world_size == 1) where.rank = -1;
  std::string advice = reader.text();
  const AgreedError error(what, std::move(where), std::move(advice),
                          static_cast<ExitCode>(reader.number()));
  return ranks.group.empty() ? error : error.of_group(ranks.group, ranks.world_ranks[0]);
}

void all_or_none(const Communicator& ranks, const std::function<void()>& work) {
  std::exception_ptr failure;
  try {
    work();
  } catch (...) {
    failure = std::current_exception();
  }
  std::int64_t lowest[] = {failure ? ranks.rank() : ranks.world_size()};
  ranks.allreduce_min(lowest);
  if (lowest[0] == ranks.world_size()) return;
  std::string bytes;
  if (lowest[0] == ranks.rank()) bytes = pack_error(failure, ranks.impl());
  ranks.broadcast(bytes, static_cast<int>(lowest[0]));
  throw unpack_error(bytes, ranks.impl());
}

int agree_on(const Communicator& world, const RankIdentity& identity) {
  std::string own;
  put(own, host_name());
  put(own, identity.version);
  put(own, identity.config);
  put(own, identity.instruction_set);
  std::vector<std::string> hosts, versions, configs;
  std::int64_t least = identity.instruction_set;
  for (const std::string& bytes : world.allgather(bytes_of(own))) {
    Reader reader(bytes);
    hosts.push_back(reader.text());
    versions.push_back(reader.text());
    configs.push_back(reader.text());
    least = std::min(least, reader.number());
  }
  if (const std::string text = difference(versions, hosts, "runs version"); !text.empty()) {
    throw AgreedError(text, {.field = {}}, "install the same build of lockstep on all hosts",
                      ExitCode::Config);
  }
  if (const std::string text = difference(configs, hosts, "has config"); !text.empty()) {
    throw AgreedError(text, {.field = {}}, "give every rank the same config file and options",
                      ExitCode::Config);
  }
  return static_cast<int>(least);
}

}  // namespace lockstep::dist
