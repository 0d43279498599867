/* Runs a signature of a SavedModel through TensorFlow's C API.
 *
 *   run_saved_model DIRECTORY SIGNATURE INPUT...
 *
 * An input is NAME:2x32x32x3=FILE, raw float32 of that shape, or NAME=FILE, the
 * bytes of a file; files of the same name make up one vector of strings. Prints a
 * line of JSON for each output: its name, its shape and its values, laid out in a
 * row; strings are in hexadecimal.
 *
 * What TensorFlow refuses is said on stderr, and its code (TF_INVALID_ARGUMENT is 3)
 * is the exit code; 64 is a wrong command line.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tensorflow/c/c_api.h>
#include <tensorflow/c/tf_tstring.h>

#include "signature.h"

enum { WRONG_USAGE = 64, MAX_RANK = 8, MAX_FILES = 256 };

/* What the command line says of an input. */
typedef struct {
  char name[128];
  int64_t shape[MAX_RANK];
  int rank; /* 0 for strings. */
  const char* files[MAX_FILES];
  int num_files;
} Input;

static void fail(int code, const char* what, const char* received) {
  fprintf(stderr, "%s Received: %s\n", what, received);
  exit(code);
}

static void check(const TF_Status* status) {
  if (TF_GetCode(status) == TF_OK) return;
  fprintf(stderr, "%s\n", TF_Message(status));
  exit((int)TF_GetCode(status));
}

static char* read_file(const char* path, size_t* length) {
  FILE* file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0)
    fail(WRONG_USAGE, "expected a file that can be read.", path);
  *length = (size_t)ftell(file);
  rewind(file);
  char* content = malloc(*length + 1);
  if (!content || fread(content, 1, *length, file) != *length)
    fail(WRONG_USAGE, "expected a file that can be read.", path);
  fclose(file);
  return content;
}

/* Adds an argument to the inputs that are named already. */
static void parse_input(const char* argument, Input* inputs, int* num_inputs) {
  const char* equals = strchr(argument, '=');
  const char* colon = strchr(argument, ':');
  if (!equals) fail(WRONG_USAGE, "expected NAME=FILE or NAME:SHAPE=FILE.", argument);
  const char* end = colon && colon < equals ? colon : equals;
  Input input = {.rank = 0};
  const size_t length = (size_t)(end - argument);
  if (length >= sizeof input.name) fail(WRONG_USAGE, "expected a name.", argument);
  memcpy(input.name, argument, length);
  while (end < equals) {
    char* after = NULL;
    if (input.rank == MAX_RANK) fail(WRONG_USAGE, "expected a shape.", argument);
    input.shape[input.rank++] = strtoll(end + 1, &after, 10);
    if (after == end + 1 || (*after != 'x' && after != equals))
      fail(WRONG_USAGE, "expected a shape, as 2x32x32x3.", argument);
    end = after;
  }
  Input* into = inputs;
  while (into < inputs + *num_inputs && strcmp(into->name, input.name) != 0) ++into;
  if (into == inputs + *num_inputs) {
    if (*num_inputs == MAX_ENDPOINTS) fail(WRONG_USAGE, "too many inputs.", argument);
    *into = input;
    ++*num_inputs;
  }
  if (into->num_files == (into->rank ? 1 : MAX_FILES))
    fail(WRONG_USAGE, "too many files of one input.", argument);
  into->files[into->num_files++] = equals + 1;
}

static TF_Tensor* make_floats(const Input* input) {
  size_t expected = sizeof(float), length = 0;
  for (int i = 0; i < input->rank; ++i) expected *= (size_t)input->shape[i];
  char* content = read_file(input->files[0], &length);
  if (length != expected)
    fail(WRONG_USAGE, "expected float32 of the given shape.", input->files[0]);
  TF_Tensor* tensor = TF_AllocateTensor(TF_FLOAT, input->shape, input->rank, length);
  if (length) memcpy(TF_TensorData(tensor), content, length);
  free(content);
  return tensor;
}

static TF_Tensor* make_strings(const Input* input) {
  const int64_t number = input->num_files;
  TF_Tensor* tensor =
      TF_AllocateTensor(TF_STRING, &number, 1, (size_t)number * sizeof(TF_TString));
  TF_TString* strings = TF_TensorData(tensor);
  for (int i = 0; i < input->num_files; ++i) {
    size_t length = 0;
    char* content = read_file(input->files[i], &length);
    TF_StringInit(&strings[i]);
    TF_StringCopy(&strings[i], content, length);
    free(content);
  }
  return tensor;
}

static TF_Output find_output(TF_Graph* graph, const char* tensor) {
  char name[256];
  snprintf(name, sizeof name, "%s", tensor);
  char* colon = strrchr(name, ':');
  const int index = colon ? atoi(colon + 1) : 0;
  if (colon) *colon = '\0';
  const TF_Output output = {TF_GraphOperationByName(graph, name), index};
  if (!output.oper) fail(WRONG_USAGE, "the graph has no such operation.", tensor);
  return output;
}

static const Endpoint* find_endpoint(const Endpoint* all, int number, const char* key) {
  for (int i = 0; i < number; ++i) {
    if (strcmp(all[i].key, key) == 0) return &all[i];
  }
  fail(WRONG_USAGE, "the signature has no such input.", key);
  return NULL;
}

static void print_value(const TF_Tensor* tensor, int64_t i) {
  const void* data = TF_TensorData(tensor);
  switch (TF_TensorType(tensor)) {
    case TF_FLOAT:
      printf("%.9g", (double)((const float*)data)[i]);
      break;
    case TF_INT32:
      printf("%" PRId32, ((const int32_t*)data)[i]);
      break;
    case TF_INT64:
      printf("%" PRId64, ((const int64_t*)data)[i]);
      break;
    case TF_STRING: {
      const TF_TString* string = &((const TF_TString*)data)[i];
      const char* bytes = TF_StringGetDataPointer(string);
      putchar('"');
      for (size_t at = 0; at < TF_StringGetSize(string); ++at)
        printf("%02x", (unsigned char)bytes[at]);
      putchar('"');
      break;
    }
    default:
      fail(WRONG_USAGE, "no way to print this type.", "an output");
  }
}

static void print_tensor(const char* name, const TF_Tensor* tensor) {
  printf("{\"name\": \"%s\", \"shape\": [", name);
  for (int i = 0; i < TF_NumDims(tensor); ++i)
    printf("%s%" PRId64, i ? ", " : "", TF_Dim(tensor, i));
  printf("], \"values\": [");
  for (int64_t i = 0; i < TF_TensorElementCount(tensor); ++i) {
    if (i) printf(", ");
    print_value(tensor, i);
  }
  printf("]}\n");
}

int main(int argc, char** argv) {
  static Input inputs[MAX_ENDPOINTS];
  static Signature signature;
  int num_inputs = 0;
  if (argc < 4) fail(WRONG_USAGE, "expected DIRECTORY SIGNATURE INPUT...", argv[0]);
  for (int i = 3; i < argc; ++i) parse_input(argv[i], inputs, &num_inputs);

  TF_Status* status = TF_NewStatus();
  TF_Graph* graph = TF_NewGraph();
  TF_SessionOptions* options = TF_NewSessionOptions();
  TF_Buffer* meta_graph = TF_NewBuffer();
  const char* tags[] = {"serve"};
  TF_Session* session = TF_LoadSessionFromSavedModel(options, NULL, argv[1], tags, 1,
                                                     graph, meta_graph, status);
  check(status);
  if (!find_signature(meta_graph->data, meta_graph->length, argv[2], &signature))
    fail(WRONG_USAGE, "the SavedModel has no such signature.", argv[2]);

  TF_Output fed[MAX_ENDPOINTS], fetched[MAX_ENDPOINTS];
  TF_Tensor *given[MAX_ENDPOINTS], *results[MAX_ENDPOINTS];
  for (int i = 0; i < num_inputs; ++i) {
    const Endpoint* endpoint =
        find_endpoint(signature.inputs, signature.num_inputs, inputs[i].name);
    fed[i] = find_output(graph, endpoint->tensor);
    given[i] = inputs[i].rank ? make_floats(&inputs[i]) : make_strings(&inputs[i]);
  }
  for (int i = 0; i < signature.num_outputs; ++i)
    fetched[i] = find_output(graph, signature.outputs[i].tensor);

  TF_SessionRun(session, NULL, fed, given, num_inputs, fetched, results,
                signature.num_outputs, NULL, 0, NULL, status);
  check(status);
  for (int i = 0; i < signature.num_outputs; ++i) {
    print_tensor(signature.outputs[i].key, results[i]);
    TF_DeleteTensor(results[i]);
  }

  for (int i = 0; i < num_inputs; ++i) TF_DeleteTensor(given[i]);
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteSessionOptions(options);
  TF_DeleteBuffer(meta_graph);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return 0;
}
