/* The names of a signature's tensors, read from a serialized MetaGraphDef. */
#ifndef SIGNATURE_H_
#define SIGNATURE_H_

#include <stdbool.h>
#include <stddef.h>

enum { MAX_ENDPOINTS = 64 };

/* What a signature calls a tensor, and what the graph calls it: "op:index". */
typedef struct {
  char key[128];
  char tensor[256];
} Endpoint;

typedef struct {
  Endpoint inputs[MAX_ENDPOINTS];
  Endpoint outputs[MAX_ENDPOINTS];
  int num_inputs;
  int num_outputs;
} Signature;

/* Reads the signature of that name; false if there is none, or none that fits. */
bool find_signature(const void* meta_graph, size_t length, const char* name,
                    Signature* found);

#endif /* SIGNATURE_H_ */
