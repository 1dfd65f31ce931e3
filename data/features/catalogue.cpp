/// The list of feature stages: a stage is its file pair, its config message, one line above and one
/// in the switch here.
#include "data/features/catalogue.hpp"

#include "core/error.hpp"
#include "core/stages.hpp"
#include "data/features/cleaning/arithmetic.hpp"
#include "data/features/cleaning/cast.hpp"
#include "data/features/cleaning/clip.hpp"
#include "data/features/cleaning/drop_columns.hpp"
#include "data/features/cleaning/drop_duplicates.hpp"
#include "data/features/cleaning/drop_nulls.hpp"
#include "data/features/cleaning/fill_nulls.hpp"
#include "data/features/cleaning/filter.hpp"
#include "data/features/cleaning/parse_date.hpp"
#include "data/features/cleaning/rename.hpp"
#include "data/features/cleaning/replace.hpp"
#include "data/features/cleaning/sample.hpp"
#include "data/features/cleaning/select_columns.hpp"
#include "data/features/cleaning/weight_by_class.hpp"
#include "data/features/columns/binarizer.hpp"
#include "data/features/columns/bucketizer.hpp"
#include "data/features/columns/feature_hasher.hpp"
#include "data/features/columns/imputer.hpp"
#include "data/features/columns/index_to_string.hpp"
#include "data/features/columns/one_hot_encoder.hpp"
#include "data/features/columns/quantile_discretizer.hpp"
#include "data/features/columns/string_indexer.hpp"
#include "data/features/columns/vector_assembler.hpp"
#include "data/features/columns/vector_indexer.hpp"
#include "data/features/sequences/token_indexer.hpp"
#include "data/features/sequences/windows.hpp"
#include "data/features/text/byte_pair_encoder.hpp"
#include "data/features/text/count_vectorizer.hpp"
#include "data/features/text/hashing_tf.hpp"
#include "data/features/text/idf.hpp"
#include "data/features/text/ngram.hpp"
#include "data/features/text/regex_tokenizer.hpp"
#include "data/features/text/stop_words_remover.hpp"
#include "data/features/text/tokenizer.hpp"
#include "data/features/text/word2vec.hpp"
#include "data/features/vectors/dct.hpp"
#include "data/features/vectors/elementwise_product.hpp"
#include "data/features/vectors/image_feature.hpp"
#include "data/features/vectors/interaction.hpp"
#include "data/features/vectors/max_abs_scaler.hpp"
#include "data/features/vectors/min_max_scaler.hpp"
#include "data/features/vectors/normalizer.hpp"
#include "data/features/vectors/pca.hpp"
#include "data/features/vectors/polynomial_expansion.hpp"
#include "data/features/vectors/robust_scaler.hpp"
#include "data/features/vectors/standard_scaler.hpp"
#include "data/features/vectors/univariate_feature_selector.hpp"
#include "data/features/vectors/variance_threshold_selector.hpp"
#include "data/features/vectors/vector_slicer.hpp"
#include "data/stage.hpp"

namespace lockstep::data {

std::unique_ptr<FeatureStage> make_feature_stage(const proto::Stage& stage, const std::string& at) {
  switch (stage.kind_case()) {
    case proto::Stage::kImageFeature:
      return std::make_unique<ImageFeature>(stage.image_feature(), at + ".image_feature");
    case proto::Stage::kTokenizer:
      return std::make_unique<Tokenizer>(stage.tokenizer(), at + ".tokenizer");
    case proto::Stage::kRegexTokenizer:
      return std::make_unique<RegexTokenizer>(stage.regex_tokenizer(), at + ".regex_tokenizer");
    case proto::Stage::kStopWordsRemover:
      return std::make_unique<StopWordsRemover>(stage.stop_words_remover(),
                                                at + ".stop_words_remover");
    case proto::Stage::kNgram:
      return std::make_unique<NGram>(stage.ngram(), at + ".ngram");
    case proto::Stage::kHashingTf:
      return std::make_unique<HashingTF>(stage.hashing_tf(), at + ".hashing_tf");
    case proto::Stage::kCountVectorizer:
      return std::make_unique<CountVectorizer>(stage.count_vectorizer(), at + ".count_vectorizer");
    case proto::Stage::kIdf:
      return std::make_unique<IDF>(stage.idf(), at + ".idf");
    case proto::Stage::kFeatureHasher:
      return std::make_unique<FeatureHasher>(stage.feature_hasher(), at + ".feature_hasher");
    case proto::Stage::kWord2Vec:
      return std::make_unique<Word2Vec>(stage.word2vec(), at + ".word2vec");
    case proto::Stage::kStringIndexer:
      return std::make_unique<StringIndexer>(stage.string_indexer(), at + ".string_indexer");
    case proto::Stage::kIndexToString:
      return std::make_unique<IndexToString>(stage.index_to_string(), at + ".index_to_string");
    case proto::Stage::kOneHotEncoder:
      return std::make_unique<OneHotEncoder>(stage.one_hot_encoder(), at + ".one_hot_encoder");
    case proto::Stage::kVectorAssembler:
      return std::make_unique<VectorAssembler>(stage.vector_assembler(), at + ".vector_assembler");
    case proto::Stage::kVectorIndexer:
      return std::make_unique<VectorIndexer>(stage.vector_indexer(), at + ".vector_indexer");
    case proto::Stage::kBucketizer:
      return std::make_unique<Bucketizer>(stage.bucketizer(), at + ".bucketizer");
    case proto::Stage::kQuantileDiscretizer:
      return std::make_unique<QuantileDiscretizer>(stage.quantile_discretizer(),
                                                   at + ".quantile_discretizer");
    case proto::Stage::kBinarizer:
      return std::make_unique<Binarizer>(stage.binarizer(), at + ".binarizer");
    case proto::Stage::kImputer:
      return std::make_unique<Imputer>(stage.imputer(), at + ".imputer");
    case proto::Stage::kStandardScaler:
      return std::make_unique<StandardScaler>(stage.standard_scaler(), at + ".standard_scaler");
    case proto::Stage::kMinMaxScaler:
      return std::make_unique<MinMaxScaler>(stage.min_max_scaler(), at + ".min_max_scaler");
    case proto::Stage::kMaxAbsScaler:
      return std::make_unique<MaxAbsScaler>(stage.max_abs_scaler(), at + ".max_abs_scaler");
    case proto::Stage::kRobustScaler:
      return std::make_unique<RobustScaler>(stage.robust_scaler(), at + ".robust_scaler");
    case proto::Stage::kNormalizer:
      return std::make_unique<Normalizer>(stage.normalizer(), at + ".normalizer");
    case proto::Stage::kElementwiseProduct:
      return std::make_unique<ElementwiseProduct>(stage.elementwise_product(),
                                                  at + ".elementwise_product");
    case proto::Stage::kVectorSlicer:
      return std::make_unique<VectorSlicer>(stage.vector_slicer(), at + ".vector_slicer");
    case proto::Stage::kPolynomialExpansion:
      return std::make_unique<PolynomialExpansion>(stage.polynomial_expansion(),
                                                   at + ".polynomial_expansion");
    case proto::Stage::kInteraction:
      return std::make_unique<Interaction>(stage.interaction(), at + ".interaction");
    case proto::Stage::kDct:
      return std::make_unique<DCT>(stage.dct(), at + ".dct");
    case proto::Stage::kPca:
      return std::make_unique<PCA>(stage.pca(), at + ".pca");
    case proto::Stage::kVarianceThresholdSelector:
      return std::make_unique<VarianceThresholdSelector>(stage.variance_threshold_selector(),
                                                         at + ".variance_threshold_selector");
    case proto::Stage::kUnivariateFeatureSelector:
      return std::make_unique<UnivariateFeatureSelector>(stage.univariate_feature_selector(),
                                                         at + ".univariate_feature_selector");
    case proto::Stage::kSelectColumns:
      return std::make_unique<SelectColumns>(stage.select_columns(), at + ".select_columns");
    case proto::Stage::kDropColumns:
      return std::make_unique<DropColumns>(stage.drop_columns(), at + ".drop_columns");
    case proto::Stage::kRename:
      return std::make_unique<Rename>(stage.rename(), at + ".rename");
    case proto::Stage::kFilter:
      return std::make_unique<Filter>(stage.filter(), at + ".filter");
    case proto::Stage::kDropNulls:
      return std::make_unique<DropNulls>(stage.drop_nulls(), at + ".drop_nulls");
    case proto::Stage::kFillNulls:
      return std::make_unique<FillNulls>(stage.fill_nulls(), at + ".fill_nulls");
    case proto::Stage::kReplace:
      return std::make_unique<Replace>(stage.replace(), at + ".replace");
    case proto::Stage::kDropDuplicates:
      return std::make_unique<DropDuplicates>(stage.drop_duplicates(), at + ".drop_duplicates");
    case proto::Stage::kClip:
      return std::make_unique<Clip>(stage.clip(), at + ".clip");
    case proto::Stage::kCast:
      return std::make_unique<Cast>(stage.cast(), at + ".cast");
    case proto::Stage::kParseDate:
      return std::make_unique<ParseDate>(stage.parse_date(), at + ".parse_date");
    case proto::Stage::kArithmetic:
      return std::make_unique<Arithmetic>(stage.arithmetic(), at + ".arithmetic");
    case proto::Stage::kSample:
      return std::make_unique<Sample>(stage.sample(), at + ".sample");
    case proto::Stage::kWeightByClass:
      return std::make_unique<WeightByClass>(stage.weight_by_class(), at + ".weight_by_class");
    case proto::Stage::kTokenIndexer:
      return std::make_unique<TokenIndexer>(stage.token_indexer(), at + ".token_indexer");
    case proto::Stage::kBytePairEncoder:
      return std::make_unique<BytePairEncoder>(stage.byte_pair_encoder(),
                                               at + ".byte_pair_encoder");
    case proto::Stage::kWindows:
      return std::make_unique<Windows>(stage.windows(), at + ".windows");
    default:
      break;
  }
  if (is_estimator(stage))
    throw ConfigError("an estimator stands where a feature stage is expected", {.field = at},
                      "leave it out here");
  expects(stage.kind_case() == proto::Stage::KIND_NOT_SET, "every feature stage has its line here");
  throw ConfigError("a stage without a kind", {.field = at},
                    "write for example: stage { image_feature { height: 28 width: 28 } }");
}

}  // namespace lockstep::data
