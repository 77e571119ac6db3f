# Everything a newcomer needs: make song, make test. Everything else: see README.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The exact version brings the small build where a package index offers one; a range may bring gigabytes of GPU libraries.
TORCH ?= torch==2.13.0
MINUTES ?= 60
DATA ?= dataset.npz
LEVELS := form reduced-lead-sheet lead-sheet accompaniment

.PHONY: song test check figures train clean

song: $(VENV)/.ready
	$(BIN)/canzona compose --form i4A8B8A8B8o4 --key "G major" --seed 7 -o song.mid
	$(BIN)/canzona render song.json -o song.png

test: $(VENV)/.ready-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto

check: $(VENV)/.ready-dev
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/pyright

# The figures of MODEL_CARD.md: eight songs in each of two keys, scored.
figures: $(VENV)/.ready
	mkdir -p build/figures
	$(BIN)/canzona compose --form i4A8B8A8B8o4 --key "G major" --count 8 -o build/figures/g.mid
	$(BIN)/canzona compose --form i4A8B8A8B8o4 --key "E minor" --count 8 -o build/figures/e.mid
	$(BIN)/canzona evaluate --each build/figures
	$(BIN)/python benchmarks/forms.py

train: $(VENV)/.ready-dev
	for level in $(LEVELS); do $(BIN)/canzona train $$level --data $(DATA) --max-minutes $(MINUTES) || exit $$?; done
	$(BIN)/canzona register $(LEVELS:%=runs/%)

clean:
	rm -rf $(VENV) build dist

$(VENV)/.torch:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	touch $@

$(VENV)/.ready: $(VENV)/.torch pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[render]'
	touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[render,train,dev]'
	touch $@
