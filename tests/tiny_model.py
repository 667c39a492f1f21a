"""A real model small enough for tests: random weights, a trained tokenizer, a chat template, nothing downloaded."""

from __future__ import annotations

import json
from pathlib import Path

_CORPUS = (
    "Name the queue of the customer's message. Answer with one of these labels and nothing else.",
    "The card has not arrived yet and the delivery estimate was last week.",
    "My top up failed twice, although the transfer was taken from the account.",
    "The battery of the heat pump is empty; please send a meter and refund the charger.",
    '{"product":"battery","queue":"billing","priority":"normal","needs_refund":true}',
    "card_arrival top_up_failed exchange_rate pending_transfer billing tariffs field remote planning",
    "Grüße aus München: die Zahlung über 12,50 € fehlt, Straße 7, naïve café.",
)
_CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_tiny_model(folder: Path, seed: int = 0) -> Path:
    """Writes a two-layer Llama in bf16 with a byte-level tokenizer and a ChatML template into `folder`.

    The heads are 64 wide, the narrowest that vLLM's attention takes on a CPU.
    """
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_CORPUS * 4, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"],
        model_max_length=2048,
    )
    fast.chat_template = _CHAT_TEMPLATE
    config = LlamaConfig(
        vocab_size=len(fast),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=64,
        max_position_embeddings=2048,
        tie_word_embeddings=False,
        initializer_range=0.1,  # wide enough that the likeliest token stands clear of the second
        bos_token_id=None,
        eos_token_id=fast.eos_token_id,
        pad_token_id=fast.pad_token_id,
    )
    torch.manual_seed(seed)
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    fast.save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["head_dim"] == 64
    return folder
