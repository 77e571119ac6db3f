# Everything a newcomer needs: make song, make test. Everything else: see README.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH ?= torch==2.13.0
# Where PyTorch is looked for first: its builds for processors alone, .2 GB. Without, as for GPUs, an ordinary index is asked,
# whose build for Linux brings some 5 GB.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
# What is installed is compiled where it is first used: most of it never is.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
unexport PYTHONDONTWRITEBYTECODE
MINUTES ?= 60
# What the baselines of the printed table had.
FLAT_MINUTES ?= 68
REMI_MINUTES ?= 22
DATA ?= dataset.npz
WEIGHTS ?= runs/weights
LEVELS := form reduced-lead-sheet lead-sheet accompaniment
SYSTEMS := canzona flat remi copy-bot human-train

.PHONY: song test check lint tests types figures baselines train page clean

song: $(VENV)/.ready
	$(BIN)/canzona compose --form i4A8B8A8B8o4 --key "G major" --seed 7 -o song.mid --force
	$(BIN)/canzona render song.json -o song.png --force
	$(BIN)/canzona render song.json -o song.mp3 --force

# At once, as installing and tests also wait: for files from elsewhere, for a browser, for processes.
test:
	$(MAKE) --no-print-directory --jobs=3 lint types tests

check: lint types

lint: $(VENV)/.ready-dev
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks

# A file's tests mostly run in one process, so that what they share is made once.
tests: $(VENV)/.ready-dev $(VENV)/.browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal

types: $(VENV)/.ready-dev
	$(BIN)/pyright

# Forms composed by themselves, and eight songs in each of two keys, measured without a data set.
figures: $(VENV)/.ready
	mkdir -p build/figures/g build/figures/e
	$(BIN)/canzona compose --form i4A8B8A8B8o4 --key "G major" --count 8 --seed 0 -o build/figures/g/g.mid --force
	$(BIN)/canzona compose --form i4A8B8A8B8o4 --key "E minor" --count 8 --seed 0 -o build/figures/e/e.mid --force
	$(BIN)/canzona evaluate --songs g=build/figures/g --songs e=build/figures/e
	$(BIN)/python benchmarks/forms.py

# The baselines trained, songs of every system composed and measured: the comparison in README.md and MODEL_CARD.md.
baselines: $(VENV)/.ready-dev
	$(BIN)/python benchmarks/train_rows.py flat --data $(DATA) --minutes $(FLAT_MINUTES)
	$(BIN)/python benchmarks/train_remi.py --data $(DATA) --output runs/remi --minutes $(REMI_MINUTES)
	$(BIN)/python benchmarks/compose_systems.py human-train --songs 46 --data $(DATA) -o build/songs
	$(BIN)/python benchmarks/compose_systems.py copy-bot canzona --data $(DATA) -o build/songs
	$(BIN)/python benchmarks/compose_systems.py flat --weights runs/baselines/flat --data $(DATA) -o build/songs
	$(BIN)/python benchmarks/compose_systems.py remi --weights runs/remi --data $(DATA) -o build/songs
	$(BIN)/canzona evaluate $(SYSTEMS:%=--songs %=build/songs/%) --data $(DATA) -o build/report --force
	$(BIN)/python benchmarks/tables.py build/report/report.json

train: $(VENV)/.ready-dev
	for level in $(LEVELS); do $(BIN)/canzona train $$level --data $(DATA) --max-minutes $(MINUTES) --decay 0.1 || exit $$?; done
	mkdir -p $(WEIGHTS)
	$(BIN)/canzona register $(LEVELS:%=runs/%) --weights $(WEIGHTS) --force

# The studio's page, from its source in studio/ into the package; needs Node.js.
page: $(VENV)/.ready-dev
	$(BIN)/python -m canzona.studio.schema studio/openapi.json
	cd studio && npm ci && npm run check && npm test && npm run build

clean:
	rm -rf $(VENV) build dist

# Pages are tried in a browser. Where there is none, and Debian's packages may be installed, Chromium comes from there.
$(VENV)/.browser:
	mkdir -p $(VENV)
	command -v chromium chromium-browser google-chrome >/dev/null || ! command -v apt-get >/dev/null || test "$$(id -u)" != 0 || \
	  (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null) || echo "no browser: its tests are skipped"
	touch $@

$(VENV)/.torch:
	$(PYTHON) -m venv $(VENV)
	$(if $(TORCH_INDEX),$(PIP) --retries 0 --timeout 15 --index-url $(TORCH_INDEX) $(TORCH) ||) $(PIP) $(TORCH)
	touch $@

# The first start compiles what composing needs.
$(VENV)/.ready: $(VENV)/.torch pyproject.toml
	$(PIP) -e '.[render,audio]'
	$(BIN)/python -c 'import canzona.pretrained'
	touch $@

$(VENV)/.ready-dev: $(VENV)/.torch pyproject.toml
	$(PIP) -e '.[all,dev]'
	$(BIN)/python -c 'import canzona.pretrained'
	touch $(VENV)/.ready $@
