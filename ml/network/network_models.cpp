#include "ml/network/network_models.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/config.hpp"
#include "core/error.hpp"
#include "ml/network/autoencoder.hpp"
#include "ml/network/network_config.hpp"
#include "ml/network/network_tensors.hpp"

namespace lockstep::ml {
namespace {

using data::ColumnType;

ColumnType float_vector(std::size_t width) {
  ColumnType type = data::vector_type(width);
  type.format = ColumnType::Format::Float;
  type.open_width = width == 0;
  return type;
}

ColumnType float_number() {
  ColumnType type;
  type.format = ColumnType::Format::Float;
  return type;
}

/// Shares the sums of the chunks of one partition; none where a chunk has none.
class PartitionLoss {
 public:
  void add(const ScoredRows& scored) {
    whole_ = whole_ && scored.sums.has_value();
    if (!whole_) return;
    sum_.loss += scored.sums->loss;
    sum_.weight += scored.sums->weight;
  }
  void put(data::Partition& partition) const {
    partition.loss = whole_ ? std::optional(sum_) : std::nullopt;
  }

 private:
  bool whole_ = true;
  data::LossSum sum_;
};

}  // namespace

void NetworkParts::take_weights(std::span<const float> flat) {
  expects(network != nullptr && flat.size() == network->parameter_floats(),
          "weights are those of the compiled network");
  parameters = Buffer<float>(flat.size());
  std::copy(flat.begin(), flat.end(), parameters.data());
  packed = Buffer<float>(network->packed_floats());
  network->pack(parameters.span(), packed.span());
  scorer = std::make_unique<Scorer>(*network, parameters.span(), packed.span(), config.lane_size(),
                                    TargetScale(config.model()));
}

NetworkParts NetworkParts::compiled(const proto::Stage& stage, const std::string& at,
                                    const data::Schema& input) {
  NetworkParts parts{stage, at, network_of(stage), nullptr};
  fill_from_columns(parts.config, input, at);
  parts.network = compile(stage, parts.config, input_shape(parts.config, input, at), at);
  check_targets(parts.config, *parts.network, input, at);
  return parts;
}

NetworkParts NetworkParts::loaded(const StageContext& context,
                                  const std::vector<NamedTensor>& tensors,
                                  const data::Schema& input, const std::string& path) {
  NetworkParts parts = compiled(context.stage, context.at, input);
  Buffer<float> flat(parts.network->parameter_floats());
  from_tensors(*parts.network, tensors, flat.span(), path);
  parts.take_weights(flat.span());
  return parts;
}

std::vector<std::string> NetworkModelBase::input_columns() const {
  std::vector<std::string> names{parts_.config.input_col()};
  for (const auto& name :
       {target_of(parts_.config), columns_.label, columns_.weight, columns_.anomaly}) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(name);
  }
  return names;
}

bool NetworkModelBase::can_do_without(const std::string& column) const {
  return column != parts_.config.input_col();
}

data::Schema NetworkModelBase::output_schema(const data::Schema& input) const {
  const Shape shape = input_shape(parts_.config, input, parts_.at);
  if (shape != network().input()) {
    throw ConfigError(
        fmt::format("the network was trained on {}, the column '{}' is {}",
                    to_string(network().input()), parts_.config.input_col(), to_string(shape)),
        {.field = child(parts_.at, "input_col")}, "give rows of the same width");
  }
  return with_predictions(parts_.stage, &network(), columns_, input, parts_.at, adds_all());
}

LaneColumns NetworkModelBase::lane_columns(const data::Partition& partition) const {
  LaneColumns columns{parts_.config.input_col(), target_of(parts_.config), columns_.weight};
  if (partition.columns.count(columns.target) == 0) columns.target.clear();
  if (partition.columns.count(columns.weight) == 0) columns.weight.clear();
  return columns;
}

SavedModel NetworkModelBase::save() const {
  return {parts_.stage, to_tensors(network(), parameters())};
}

Description NetworkModelBase::describe() const {
  constexpr std::size_t kMostNames = 20;
  auto description = describe_network(network());
  const auto& names = columns_.class_names;
  if (names.empty()) return description;
  const auto shown =
      names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kMostNames));
  description.fact("classes", fmt::format("{}{}", fmt::join(names.begin(), shown, ", "),
                                          names.size() > kMostNames ? ", ..." : ""));
  return description;
}

std::unique_ptr<Model> NetworkModel::load(const StageContext& context,
                                          const std::vector<NamedTensor>& tensors,
                                          const data::Schema& input, const std::string& path) {
  auto parts = NetworkParts::loaded(context, tensors, input, path);
  auto columns = prediction_columns(context.stage, parts.network.get(), context.all);
  return std::make_unique<NetworkModel>(std::move(parts), std::move(columns));
}

data::Effect NetworkModel::transform(data::Partition& partition, data::Phase) const {
  const std::size_t width = network().outputs(), classes = columns_.classes;
  const TargetScale scale(parts_.config.model());
  std::vector<double> predictions, probabilities;
  PartitionLoss loss;
  parts_.scorer->score(partition, lane_columns(partition), [&](const ScoredRows& scored) {
    loss.add(scored);
    for (std::size_t row = 0; row < scored.rows; ++row) {
      const auto y = scored.outputs.subspan(row * width, width);
      if (columns_.task == Task::Multiclass) {
        predictions.push_back(
            static_cast<double>(std::max_element(y.begin(), y.end()) - y.begin()));
        probabilities.insert(probabilities.end(), y.begin(), y.end());
      } else if (columns_.task == Task::Binary) {
        predictions.push_back(y[0] > 0.5f ? 1 : 0);
        probabilities.push_back(1 - static_cast<double>(y[0]));
        probabilities.push_back(static_cast<double>(y[0]));
      } else {
        for (std::size_t j = 0; j < width; ++j) predictions.push_back(scale.value(y[j], j));
      }
    }
  });
  loss.put(partition);
  if (!columns_.probability.empty())
    partition.set(columns_.probability,
                  data::DenseVectors{classes, Values<double>(std::move(probabilities))});
  const bool vector = columns_.task == Task::Regression && width > 1;
  if (vector)
    partition.set(columns_.prediction,
                  data::DenseVectors{width, Values<double>(std::move(predictions))});
  else
    partition.set(columns_.prediction, data::Numbers{Values<double>(std::move(predictions))});
  return {};
}

AutoencoderModel::AutoencoderModel(NetworkParts parts, PredictionColumns columns)
    : NetworkModelBase(std::move(parts), std::move(columns)),
      reconstructs_(parts_.stage.autoencoder().has_reconstruction_col()) {}

std::unique_ptr<Model> AutoencoderModel::load(const StageContext& context,
                                              const std::vector<NamedTensor>& tensors,
                                              const data::Schema& input, const std::string& path) {
  auto parts = NetworkParts::loaded(context, tensors, input, path);
  auto columns = prediction_columns(context.stage, parts.network.get(), context.all);
  return std::make_unique<AutoencoderModel>(std::move(parts), std::move(columns));
}

void mean_squares(const data::Partition& partition, const ScoredRows& scored,
                  std::vector<float>& errors) {
  const std::size_t width = scored.rows == 0 ? 0 : scored.outputs.size() / scored.rows;
  for (std::size_t row = 0; row < scored.rows; ++row) {
    double sum = 0;
    for (std::size_t i = row * width; i < (row + 1) * width; ++i) {
      const double d = static_cast<double>(scored.outputs[i]) - scored.targets[i];
      sum += d * d;
    }
    errors.push_back(static_cast<float>(sum / static_cast<double>(width)));
    if (std::isfinite(errors.back())) continue;
    throw DataError(fmt::format("the reconstruction error of {} is not finite",
                                row_name(partition, scored.first + row)),
                    {}, "fill or drop missing values first: stages imputer, fill_nulls");
  }
}

data::Effect AutoencoderModel::transform(data::Partition& partition, data::Phase) const {
  const auto& config = parts_.stage.autoencoder();
  std::vector<double> codes, reconstructions;
  std::vector<float> errors;
  PartitionLoss loss;
  parts_.scorer->score(partition, lane_columns(partition), [&](const ScoredRows& scored) {
    loss.add(scored);
    codes.insert(codes.end(), scored.tap.begin(), scored.tap.end());
    if (reconstructs_)
      reconstructions.insert(reconstructions.end(), scored.outputs.begin(), scored.outputs.end());
    mean_squares(partition, scored, errors);
  });
  loss.put(partition);
  std::vector<double> anomalies;
  if (config.model().has_anomaly_threshold()) {
    for (const float error : errors)
      anomalies.push_back(static_cast<double>(error) > config.model().anomaly_threshold() ? 1 : 0);
    partition.set(config.anomaly_col(), data::Numbers{Values<double>(std::move(anomalies))});
  }
  partition.set(config.error_col(),
                data::Numbers{std::vector<double>(errors.begin(), errors.end())});
  partition.set(config.code_col(),
                data::DenseVectors{network().tap_size(), Values<double>(std::move(codes))});
  if (reconstructs_)
    partition.set(
        config.reconstruction_col(),
        data::DenseVectors{network().outputs(), Values<double>(std::move(reconstructions))});
  return {};
}

TranslationModel::TranslationModel(NetworkParts parts, PredictionColumns columns,
                                   const Stages& fitted)
    : NetworkModelBase(std::move(parts), std::move(columns)),
      texts_(parts_.stage.sequence_to_sequence(), fitted, network().labels_per_row(), parts_.at) {}

std::unique_ptr<Model> TranslationModel::load(const StageContext& context,
                                              const std::vector<NamedTensor>& tensors,
                                              const data::Schema& input, const std::string& path) {
  auto parts = NetworkParts::loaded(context, tensors, input, path);
  auto columns = prediction_columns(context.stage, parts.network.get(), context.all);
  return std::make_unique<TranslationModel>(std::move(parts), std::move(columns), context.all);
}

data::Effect TranslationModel::transform(data::Partition& partition, data::Phase) const {
  data::TokensBuilder texts;
  PartitionLoss loss;
  parts_.scorer->score(
      partition, lane_columns(partition),
      [&](const ScoredRows& scored) {
        loss.add(scored);
        for (const auto& ids : scored.texts) {
          for (const auto& word : texts_.words(ids)) texts.push(word);
          texts.end_row();
        }
      },
      &texts_.options());
  loss.put(partition);
  partition.set(columns_.prediction, std::move(texts).finish());
  return {};
}

namespace {

/// A class as a number column, with the names of the classes.
ColumnType class_type(const std::string& name, const PredictionColumns& columns) {
  ColumnType type;
  type.format = ColumnType::Format::Integer;
  data::Feature feature{name, data::Feature::Kind::Nominal, columns.classes, columns.class_names};
  type.features = std::make_shared<std::vector<data::Feature>>(1, std::move(feature));
  return type;
}

ColumnType anomaly_type(const std::string& name) {
  ColumnType type;
  type.format = ColumnType::Format::Integer;
  type.features = std::make_shared<std::vector<data::Feature>>(
      1, data::Feature{name, data::Feature::Kind::Binary, 2, {}});
  return type;
}

PredictionColumns network_columns(const proto::Network& config, const layers::Network* network) {
  PredictionColumns columns;
  columns.label = target_of(config);
  columns.weight = config.weight_col();
  columns.prediction = config.prediction_col();
  columns.class_names.assign(config.model().class_name().begin(),
                             config.model().class_name().end());
  if (network == nullptr) return columns;
  if (network->task() == layers::Task::Multiclass) {
    columns.task = Task::Multiclass;
    columns.classes = network->outputs();
  } else if (network->task() == layers::Task::Binary) {
    columns.task = Task::Binary;
    columns.classes = 2;
  }
  if (columns.classes > 0) columns.probability = config.probability_col();
  return columns;
}

}  // namespace

PredictionColumns prediction_columns(const proto::Stage& stage, const layers::Network* network,
                                     const Stages& all) {
  PredictionColumns columns;
  if (stage.has_network()) {
    columns = network_columns(stage.network(), network);
    columns.open = network == nullptr;
    columns.skips_invalid = stage.network().handle_invalid() == proto::SKIP;
  }
  columns.features = network_of(stage).input_col();
  columns.float_features = true;
  if (stage.has_network()) return columns;
  if (stage.has_autoencoder()) {
    const auto& config = stage.autoencoder();
    columns.task = Task::Reconstruction;
    columns.label = config.input_col();
    columns.anomaly = config.label_col();
    columns.prediction = config.reconstruction_col();
    columns.score = config.error_col();
  } else {
    columns.task = Task::Translation;
    columns.label = reference_col(stage, all);
    columns.prediction = stage.sequence_to_sequence().prediction_col();
  }
  return columns;
}

data::Schema with_predictions(const proto::Stage& stage, const layers::Network* network,
                              const PredictionColumns& columns, const data::Schema& input,
                              const std::string& at, bool with_reconstruction) {
  data::Schema schema = input;
  const auto add = [&](const std::string& name, ColumnType type, const char* field) {
    data::add_output(schema, name, std::move(type), child(at, field));
  };
  if (stage.has_autoencoder()) {
    const auto& config = stage.autoencoder();
    add(config.error_col(), float_number(), "error_col");
    if (config.has_anomaly_quantile() || config.model().has_anomaly_threshold())
      add(config.anomaly_col(), anomaly_type(config.anomaly_col()), "anomaly_col");
    add(config.code_col(), float_vector(network == nullptr ? 0 : network->tap_size()), "code_col");
    if (with_reconstruction)
      add(config.reconstruction_col(), float_vector(network == nullptr ? 0 : network->outputs()),
          "reconstruction_col");
  } else if (stage.has_sequence_to_sequence()) {
    add(columns.prediction, {ColumnType::Kind::Tokens}, "prediction_col");
  } else if (columns.classes > 0) {
    add(columns.prediction, class_type(columns.prediction, columns), "prediction_col");
    add(columns.probability, float_vector(columns.classes), "probability_col");
  } else {
    const bool vector = network != nullptr && network->outputs() > 1;
    const bool scaled = stage.network().standardize_target();
    ColumnType type = vector ? float_vector(network->outputs()) : float_number();
    if (scaled) type.format = ColumnType::Format::Double;
    add(columns.prediction, std::move(type), "prediction_col");
  }
  return schema;
}

}  // namespace lockstep::ml
